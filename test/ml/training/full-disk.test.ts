import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdir, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { runTraining } from "../../../src/ml/jobs/run-training.ts";
import { TrainingTask } from "../../../src/ml/training/training-task.ts";

const folder = await mkdtemp(join(tmpdir(), "kiln-full-disk-"));
const disks: string[] = [];
after(async () => {
  for (const disk of disks) execFileSync("umount", [disk]);
  await rm(folder, { recursive: true });
});

/** A disk of so many kilobytes; nothing where this user may not mount one. */
async function disk(name: string, kilobytes: number): Promise<string | undefined> {
  const path = join(folder, name);
  await mkdir(path);
  try {
    execFileSync("mount", ["-t", "tmpfs", "-o", `size=${kilobytes}k`, "tmpfs", path], { stdio: "ignore" });
  } catch {
    return undefined;
  }
  disks.push(path);
  return path;
}
const skip = (path: string | undefined) =>
  path === undefined && "only root may mount a disk of a few kilobytes";

/** A network of .4 MB, whose checkpoints are several times as large. */
async function task(out: string): Promise<TrainingTask> {
  const lines = Array.from({ length: 30 }, (_, user) =>
    Array.from({ length: 6 }, (_, step) => `u${user} i${(user + step) % 10}`),
  );
  const path = join(folder, "pairs.txt");
  await writeFile(path, lines.flat().join("\n"));
  return TrainingTask.parse({
    ...{ source: { kind: "file", path, format: "pairs" }, out, model: "transformer", engine: "wasm" },
    parameters: {
      transformer: { dimension: 64, context: 8 },
      training: { epochs: 2, tokens: 64, evaluateEvery: 1 },
    },
    split: "leave-last-out",
  });
}

const roomy = await disk("roomy", 1_000);
test("a disk too full for checkpoints: a notice, training continues without one, and the model is whole", {
  skip: skip(roomy),
}, async () => {
  const asked = await task(join(roomy!, "draft"));
  const notices: string[] = [];
  const report = await runTraining(asked, { onNotice: (say) => notices.push(say) });
  assert.match(
    notices.join("\n"),
    /no checkpoint could be written to .*ENOSPC.*training continues without one/,
  );
  assert.equal(report.networks[0]!.curve.length, 2);
  assert.ok((await readdir(asked.out)).includes("weights.safetensors"));
});

const tiny = await disk("tiny", 100);
test("a disk too full for the model: a clear error that says what to do", { skip: skip(tiny) }, async () => {
  const asked = await task(join(tiny!, "draft"));
  await assert.rejects(runTraining(asked), {
    code: "MODEL_NOT_WRITTEN",
    final: false,
    message: /could not be written to .*ENOSPC.*make room and train again\. The active model is unchanged/,
  });
});
