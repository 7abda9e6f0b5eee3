import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { analyse } from "../../src/analysis/analyse.ts";
import type { AnalysisInput, RawFrames } from "../../src/analysis/analysis-input.ts";
import { decodeEmbedding } from "../../src/analysis/embedding.ts";
import { programOf } from "../../src/transcode/base/programs.ts";

const folder = await mkdtemp(join(tmpdir(), "kiln-analysis-"));
after(() => rm(folder, { recursive: true }));

const policy = { model: "mobilenet_v2", banScore: 0.8, unsafeScore: 0.4 } as const;

async function frames(source: string, name: string, [width, height]: [number, number]): Promise<RawFrames> {
  const scaled = ["-vf", `scale=${width}:${height}`, "-frames:v", "3", "-pix_fmt", "rgb24", "-f", "rawvideo"];
  const path = join(folder, `${name}.rgb`);
  execFileSync(programOf("ffmpeg"), ["-v", "error", "-f", "lavfi", "-i", source, ...scaled, path]);
  return { path, width, height };
}

async function input(source: string, name: string): Promise<AnalysisInput> {
  return {
    stills: await frames(source, `${name}-stills`, [640, 360]),
    tiles: await frames(source, `${name}-tiles`, [160, 90]),
    moving: await frames(source, `${name}-moving`, [320, 180]),
    loudness: { integrated: -16.5, truePeak: -1 },
  };
}

test("analysis: six frames are judged, the same way each time; likeness is in the embedding", async () => {
  const pattern = await input("testsrc2=rate=10", "pattern");
  const one = await analyse(pattern, policy);
  assert.deepEqual(await analyse(pattern, policy), one);
  const { scores, ...judged } = one.moderation;
  assert.deepEqual(judged, { ...policy, frames: 6, explicit: judged.explicit, verdict: "clear" });
  const total = Object.values(scores).reduce((sum, score) => sum + score, 0);
  assert.ok(Math.abs(total - 1) < 0.001 && scores.porn < 0.1 && scores.hentai < 0.1, JSON.stringify(scores));
  assert.deepEqual([one.features.loudness, one.features.truePeak], [-16.5, -1]);
  assert.ok(one.features.motion > 0, "the pattern moves");

  const near = await analyse(await input("testsrc2=rate=10,hue=h=20", "near"), policy);
  const far = await analyse(await input("life=rate=10:seed=1", "far"), policy);
  const likeness = (other: typeof one) => {
    const [a, b] = [decodeEmbedding(one.features.embedding), decodeEmbedding(other.features.embedding)];
    return a.reduce((sum, value, at) => sum + value * b[at]!, 0);
  };
  assert.equal(decodeEmbedding(one.features.embedding).length, 128);
  assert.ok(likeness(near) > likeness(far), `${likeness(near)} ${likeness(far)}`);
});

test("analysis: frames that are not there are no verdict", async () => {
  const missing = { path: join(folder, "nothing"), width: 16, height: 16 };
  await assert.rejects(
    analyse({ stills: missing, tiles: missing, moving: missing, loudness: null }, policy),
    {
      code: "ANALYSIS_FAILED",
      final: false,
      message: /ENOENT.*nothing.*stays unpublished; KILN_MODERATION=off/,
    },
  );
  const empty = { path: join(folder, "empty"), width: 16, height: 16 };
  await writeFile(empty.path, "");
  await assert.rejects(analyse({ stills: empty, tiles: empty, moving: empty, loudness: null }, policy), {
    code: "ANALYSIS_FAILED",
  });
});

test("analysis: stopped, it says why it was", async () => {
  const stop = new AbortController();
  const running = analyse(await input("testsrc2=rate=10", "stopped"), policy, { signal: stop.signal });
  stop.abort(new Error("enough"));
  await assert.rejects(running, { message: "enough" });
});
