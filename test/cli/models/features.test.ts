import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { fileURLToPath } from "node:url";
import type { Analysis } from "../../../src/analysis/analysis.ts";
import { encodeEmbedding } from "../../../src/analysis/embedding.ts";
import { readContent } from "../../../src/ml/datasets/content-file.ts";
import { createBlobFolder } from "../../../src/videos/folder-blob-store.ts";
import { sampleManifest } from "../../workers/stages/sample-manifest.ts";

const main = fileURLToPath(new URL("../../../src/cli/main.ts", import.meta.url));
const folder = await mkdtemp(join(tmpdir(), "kiln-features-"));
await createBlobFolder(join(folder, "blobs"));
after(() => rm(folder, { recursive: true }));

function features(...args: string[]) {
  return new Promise<{ code: number; stdout: string; stderr: string }>((resolve) => {
    const options = { cwd: folder, env: { KILN_BLOBS: "blobs" } };
    const child = execFile(process.execPath, [main, "features", ...args], options, (_, stdout, stderr) =>
      resolve({ code: child.exitCode!, stdout, stderr }),
    );
  });
}

async function product(id: string, attempt: number, analysis: Analysis | null) {
  const own = join(folder, "blobs/products", id, String(attempt));
  await mkdir(own, { recursive: true });
  await writeFile(
    join(own, "manifest.json"),
    JSON.stringify({ ...sampleManifest, analysis, source: { ...sampleManifest.source, sha256: id + id } }),
  );
  return join("blobs/products", id, String(attempt));
}

const judged = (model: "mobilenet_v2" | "inception_v3", loudness: number | null) => ({
  moderation: {
    ...{ model, frames: 3, explicit: 0, banScore: 0.8, unsafeScore: 0.4, verdict: "clear" as const },
    scores: { drawing: 0, hentai: 0, neutral: 1, porn: 0, sexy: 0 },
  },
  features: {
    embedding: encodeEmbedding([Float32Array.of(3, 4)]),
    ...{ brightness: 0.5, contrast: 0.25, colourfulness: 0.1, motion: 0.05 },
    ...{ loudness, truePeak: loudness === null ? null : 0 },
  },
});

test("kiln features: a line for the newest product of each video; what nobody, or another network, looked at is left out", async () => {
  const [seen, silent, unseen, other] = ["a", "b", "c", "d"].map((digit) => digit.repeat(32)) as [
    string,
    string,
    string,
    string,
  ];
  await product(seen, 1, null);
  await product(seen, 2, judged("mobilenet_v2", -15));
  await product(silent, 1, judged("mobilenet_v2", null));
  await product(unseen, 1, null);
  const inception = await product(other, 1, judged("inception_v3", -15));
  const { code, stdout } = await features("--out", "features/all.jsonl", "--json");
  assert.equal(code, 0);
  const { videos, leftOut } = JSON.parse(stdout);
  assert.deepEqual(
    [videos, leftOut.map(({ why }: { why: string }) => why)],
    [
      2,
      [
        "it was not analysed (KILN_MODERATION was off)",
        "inception_v3 has looked at it, not mobilenet_v2 (KILN_MODERATION_MODEL)",
      ],
    ],
  );
  const content = await readContent(join(folder, "features/all.jsonl"));
  assert.deepEqual([...content.keys()], [seen, silent]);
  // The embedding of length 1, then the looks, then the sound; the reader brings all of it to length 1.
  const expected = [76 / 127, 102 / 127, 0.5, 0.25, 0.1, 0.05, 0.75, 1];
  const length = Math.hypot(...expected);
  for (const [at, value] of content.get(seen)!.entries())
    assert.ok(Math.abs(value - expected[at]! / length) < 1e-6, `${at}: ${value}`);
  assert.deepEqual([...content.get(silent)!.slice(-2)], [0, 0]);

  const named = await features(inception, "--out", "none.jsonl");
  assert.match(named.stderr, /d\/1 was left out: inception_v3/);
  assert.match((await features()).stderr, /^OUT_NOT_GIVEN: /);
  assert.match((await features("nowhere", "--out", "x")).stderr, /^NO_MANIFEST: /);
});
