import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { fileURLToPath } from "node:url";
import { readActivation } from "../../../src/ml/registry/activation.ts";
import { listVersions } from "../../../src/ml/registry/registry.ts";

const main = fileURLToPath(new URL("../../../src/cli/main.ts", import.meta.url));
const folder = await mkdtemp(join(tmpdir(), "kiln-train-"));
after(() => rm(folder, { recursive: true }));
const registry = { folder: join(folder, "models") };

function train(...args: string[]) {
  return new Promise<{ code: number; stdout: string; stderr: string }>((resolve) => {
    const env = { PATH: process.env.PATH, KILN_HOME: folder, KILN_ENGINE: "wasm" };
    const child = execFile(
      process.execPath,
      [main, "train", ...args],
      { cwd: folder, env },
      (_, stdout, stderr) => resolve({ code: child.exitCode!, stdout, stderr }),
    );
  });
}

const small = { transformer: { dimension: 16, context: 8, dropout: 0.1 } };
const quick = { tokens: 96, learningRate: 0.02, warmup: 5, averageDecay: 0.9 };

/** Users walk around a ring with a stride of their own: two steps tell what follows, one does not. */
async function walk(): Promise<string> {
  const lines = Array.from({ length: 120 }, (_, user) =>
    Array.from({ length: 7 }, (_, step) => `u${user} i${(user + step * (user % 2 === 0 ? 1 : 5)) % 12}`),
  );
  await writeFile(join(folder, "pairs.txt"), lines.flat().join("\n"));
  return "pairs.txt";
}

test("train --promote: what passes the gate serves; what does not is registered, exit code 1, the active one stays", async () => {
  const given = ["--interactions", await walk(), "--split", "leave-last-out", "--promote"];
  const good = JSON.stringify({ ...small, training: { ...quick, epochs: 12 } });
  const first = await train(...given, "--parameters", good);
  assert.equal(first.code, 0, first.stderr);
  const [version] = await listVersions(registry);
  assert.match(
    first.stdout,
    new RegExp(`registered as ${version!.version}, which serves now\\nok 120 cases`),
  );
  assert.equal((await readActivation(registry))?.active, version!.version);

  const bad = JSON.stringify({ ...small, training: { ...quick, epochs: 1, learningRate: 1e-9 } });
  const second = await train(...given, "--model", "transformer", "--parameters", bad, "--json");
  assert.equal(second.code, 1, second.stderr);
  const { registered, evaluations } = JSON.parse(second.stdout);
  assert.deepEqual([registered.promoted, registered.gate.passed], [false, false]);
  assert.deepEqual(
    evaluations.map(({ model }: { model: string }) => model),
    ["Transformer", "Markov", "Pop", version!.version],
  );
  assert.equal((await listVersions(registry)).length, 2);
  assert.equal((await readActivation(registry))?.active, version!.version);
});

test("train --demo with its own parameters beats Markov and Pop, promotes and ends with 0", async () => {
  const { code, stdout, stderr } = await train("--demo", "--seed", "1", "--json");
  assert.equal(code, 0, stderr);
  const { rows, beatsAll, registered } = JSON.parse(stdout);
  assert.deepEqual([rows.length, beatsAll, registered.promoted], [3, true, true]);
});

test("train --demo --json: one document; exit code 1 where the model does not beat what stands beside it", async () => {
  const weak = JSON.stringify({
    transformer: { dimension: 4, heads: 1, blocks: 1, context: 4 },
    training: { epochs: 1, tokens: 512, validationUsers: 10 },
  });
  const { code, stdout, stderr } = await train(
    ...["--demo", "--seed", "2", "--model", "transformer", "--parameters", weak, "--json"],
  );
  assert.equal(code, 1, stderr);
  const { rows, beatsAll, registered } = JSON.parse(stdout);
  assert.deepEqual(
    rows.map(({ seed, model }: { seed: number; model: string }) => [seed, model]),
    [
      [2, "Transformer"],
      [2, "Markov"],
      [2, "Pop"],
    ],
  );
  assert.deepEqual([beatsAll, registered.promoted], [false, false]);
});

test("train says what is wrong with what it is asked", async () => {
  const cases: [string[], number, RegExp][] = [
    [["--parameters", '{"training":{"epochs":0}}'], 2, /training.epochs/],
    [["--interactions", "nowhere.txt"], 1, /^FILE_NOT_FOUND: /m],
    [["--interactions", await walk(), "--ranker"], 1, /^RANKER_NEEDS_LAKE: /m],
    [["--interactions", await walk(), "--content", "nowhere.jsonl"], 1, /^FILE_NOT_FOUND: /m],
    [["--lake", "empty"], 1, /^DATASET_EMPTY: /m],
  ];
  for (const [args, code, says] of cases) {
    const answer = await train(...args);
    assert.equal(answer.code, code, answer.stderr);
    assert.match(answer.stderr, says);
  }
});
