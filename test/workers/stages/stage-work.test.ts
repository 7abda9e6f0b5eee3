import assert from "node:assert/strict";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import type { Analysis, Verdict } from "../../../src/analysis/analysis.ts";
import { createBlobFolder } from "../../../src/videos/folder-blob-store.ts";
import { newRecord, type VideoRecord } from "../../../src/videos/video.ts";
import { type StageDependencies, stageWork } from "../../../src/workers/stages/stage-work.ts";
import { sampleManifest as manifest } from "./sample-manifest.ts";

const folder = await mkdtemp(join(tmpdir(), "kiln-stage-work-"));
after(() => rm(folder, { recursive: true }));
const blobs = { ...(await createBlobFolder(folder)), hasOriginal: async () => true };

const analysis = (verdict: Verdict, explicit: number): Analysis => ({
  moderation: {
    model: "mobilenet_v2",
    frames: 9,
    explicit,
    scores: { drawing: 0, hentai: 0, neutral: 1, porn: 0, sexy: 0 },
    banScore: 0.8,
    unsafeScore: 0.4,
    verdict,
  },
  features: {
    embedding: "AAAA",
    brightness: 0,
    contrast: 0,
    colourfulness: 0,
    motion: 0,
    loudness: null,
    truePeak: null,
  },
});

let videos = 0;
/** A video whose second attempt works on it. */
function video(): VideoRecord {
  const sha256 = (++videos).toString(16).padStart(2, "0").repeat(32);
  return { ...newRecord({ title: "t", source: "/t.mp4", sha256, bytes: 1 }, 1_000), attempt: 2 };
}

async function leave(product: string, found: Analysis | null): Promise<void> {
  await mkdir(product, { recursive: true });
  await writeFile(join(product, "manifest.json"), JSON.stringify({ ...manifest, analysis: found }));
}

/** Tools whose encode leaves a product in which this was seen; `encodes` counts. */
function toolsWith(found: Analysis | null, moderation: "on" | "off") {
  const counted = { encodes: 0, told: [] as string[] };
  const tools = {
    blobs,
    minFreeBytes: 0,
    moderation,
    reportPostStatus: async (_record: VideoRecord, status: string) => void counted.told.push(status),
    run: async (task: { stage: string; out: string }) => {
      counted.encodes++;
      await leave(task.out, found);
      return {};
    },
  } as unknown as StageDependencies;
  return { tools, counted };
}

const encoded = { type: "encoded", attempt: 2, product: 2 };
const seen = (verdict: Verdict, explicit: number) => ({ moderation: { verdict, explicit } });
const reason = { code: "EXPLICIT", message: "its explicitness is 0.9, and 0.8 is banned" };

const ban = { type: "banned", reason, ...seen("banned", 0.9) };

const cells: [string, Analysis | null, "on" | "off", object][] = [
  ["clear", analysis("clear", 0.1), "on", { type: "cleared", attempt: 2, ...seen("clear", 0.1) }],
  ["unsafe", analysis("unsafe", 0.5), "on", { type: "cleared", attempt: 2, ...seen("unsafe", 0.5) }],
  ["banned", analysis("banned", 0.9), "on", ban],
  ["switched off, nobody looked", null, "off", { type: "cleared", attempt: 2 }],
  [
    "switched off later",
    analysis("banned", 0.9),
    "off",
    { type: "cleared", attempt: 2, ...seen("banned", 0.9) },
  ],
];
for (const [cell, found, moderation, verdict] of cells)
  test(`moderation of what was encoded: ${cell}`, async () => {
    const { tools, counted } = toolsWith(found, moderation);
    assert.deepEqual(await stageWork.transcode(video(), tools), [encoded, verdict]);
    const status = verdict === ban ? "BannedForExplicitness" : "CheckingExplicitness";
    assert.deepEqual(counted.told, ["Transcoding", status]);
  });

test("moderation: a product that nobody has judged is made again, a judged one is not", async () => {
  const record = video();
  await leave(blobs.productPath(record.id, 1), null);
  const first = toolsWith(analysis("clear", 0), "on");
  assert.deepEqual(await stageWork.transcode(record, first.tools), [
    encoded,
    { type: "cleared", attempt: 2, ...seen("clear", 0) },
  ]);
  const second = toolsWith(null, "on");
  await stageWork.transcode({ ...record, attempt: 3 }, second.tools);
  assert.deepEqual([first.counted.encodes, second.counted.encodes], [1, 0]);
  assert.deepEqual(await blobs.products(record.id), [2]);
});

test("moderation: it is on, and the encode came without a verdict: nothing is cleared", async () => {
  const { tools } = toolsWith(null, "on");
  await assert.rejects(stageWork.transcode(video(), tools), { code: "NOT_MODERATED" });
});

test("a post that cannot be told: the encode goes on, a ban and what becomes public do not", async () => {
  const deaf: Pick<StageDependencies, "reportPostStatus" | "warn"> = {
    reportPostStatus: async () => {
      throw new Error("deaf");
    },
    warn: (why) => void warnings.push(why),
  };
  const warnings: string[] = [];
  const clear = { ...toolsWith(analysis("clear", 0), "on").tools, ...deaf };
  assert.deepEqual(await stageWork.transcode(video(), clear), [
    encoded,
    { type: "cleared", attempt: 2, ...seen("clear", 0) },
  ]);
  assert.deepEqual(warnings, ["deaf", "deaf"]);
  const banned = { ...toolsWith(analysis("banned", 0.9), "on").tools, ...deaf };
  await assert.rejects(stageWork.transcode(video(), banned), /deaf/);
  const { tools, counted } = toolsWith(null, "on");
  await assert.rejects(stageWork.publish({ ...video(), product: 2 }, { ...tools, ...deaf }), /deaf/);
  assert.equal(counted.encodes, 0, "nothing was published");
});
