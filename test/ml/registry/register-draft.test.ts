import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { runTraining } from "../../../src/ml/jobs/run-training.ts";
import { activate, readActivation } from "../../../src/ml/registry/activation.ts";
import { registerDraft } from "../../../src/ml/registry/register-draft.ts";
import { againstServed, registerTrained } from "../../../src/ml/registry/register-trained.ts";
import { listVersions, register, versionFolder } from "../../../src/ml/registry/registry.ts";
import { TrainingTask } from "../../../src/ml/training/training-task.ts";
import { facts, row, writeDraft } from "./facts.ts";

const folder = await mkdtemp(join(tmpdir(), "kiln-register-"));
after(() => rm(folder, { recursive: true }));
const registry = { folder: join(folder, "models") };

/** Everybody goes the same way: Markov knows it, Pop does not. */
const lines = Array.from({ length: 120 }, (_, user) =>
  Array.from({ length: 5 }, (_, step) => `u${user} i${(user + step) % 9}`),
);
await writeFile(join(folder, "pairs.txt"), lines.flat().join("\n"));
const task = TrainingTask.parse({
  source: { kind: "file", path: join(folder, "pairs.txt"), format: "pairs" },
  ...{ out: join(folder, "draft"), model: "markov", split: "leave-last-out", seed: 7 },
});
const report = await runTraining(task);
const now = Date.UTC(2026, 10, 21, 12);

test("a draft becomes a version: what it learned from, how it was asked, every model's figures with their roles", async () => {
  const manifest = await registerDraft(registry, task.out, { source: "pairs", parent: null, now });
  const { kind, seed, engine, split, parent, data, config, metrics } = manifest;
  const { sha256 } = report.data;
  assert.deepEqual(
    { kind, seed, engine, split, parent, data, config: config.kind },
    {
      ...{ kind: "markov", seed: 7, engine: "none", split: "leave-last-out", parent: null, config: "markov" },
      data: { source: "pairs", from: null, to: null, users: 120, items: 9, interactions: 600, sha256 },
    },
  );
  assert.deepEqual(
    metrics.map(({ model, role, cases, full, lists }) => [
      ...[model, role, cases, full["NDCG@10"]?.mean],
      Object.keys(lists),
    ]),
    report.evaluations.map(({ model, full }, index) => [
      ...[model, index === 0 ? "candidate" : "baseline", 120, full["NDCG@10"].mean],
      ["coverage", "gini", "novelty", "calibrationError"],
    ]),
  );
});

test("registered again it is the version that it was, and serving it again adds nothing to the history", async () => {
  const [known] = await listVersions(registry);
  for (let repeated = 0; repeated < 2; repeated++) {
    const { version, promoted } = await registerTrained(registry, task, { promote: true, now });
    assert.deepEqual([version, promoted], [known!.version, true]);
  }
  const activation = await readActivation(registry);
  assert.deepEqual(
    activation?.history.map(({ version }) => version),
    [known!.version],
  );
  assert.equal((await listVersions(registry)).length, 1);
});

test("beside the active version: it is asked, and a training that goes on from it is its child", async () => {
  const [active] = await listVersions(registry);
  const wanted = await againstServed({ ...task, seed: 8, out: join(folder, "next") }, registry);
  assert.deepEqual(wanted.against, [
    { version: active!.version, folder: versionFolder(registry, active!.version) },
  ]);
  await runTraining(wanted);
  const from = wanted.against[0]!.folder;
  const { version } = await registerTrained(
    registry,
    { ...wanted, from },
    { promote: false, now: now + 1000 },
  );
  const next = (await listVersions(registry)).find((manifest) => manifest.version === version)!;
  assert.equal(next.parent, active!.version);
  const { role, lead } = next.metrics.at(-1)!;
  // The same model over the same cases.
  assert.deepEqual([role, lead], ["active", { mean: 0, low: 0, high: 0 }]);
});

test("an active version that cannot be loaded is an objection, and nothing is promoted", async () => {
  const damaged = join(folder, "damaged");
  const { version: former } = (await listVersions(registry))[0]!;
  const out = join(folder, "objected");
  const wanted = { ...task, seed: 9, out, against: [{ version: former, folder: damaged }] };
  await runTraining(wanted);
  const { gate, promoted } = await registerTrained(registry, wanted, { promote: true, now: now + 2000 });
  assert.deepEqual([gate.passed, promoted], [false, false]);
  assert.match(
    gate.reasons.find(({ passed }) => !passed)!.message,
    /could not be compared: there is no .*damaged/,
  );
  assert.equal((await readActivation(registry))!.active, former);
});

test("the best version that ever served is compared, too", async () => {
  const stronger = await register(
    registry,
    await writeDraft(join(folder, "stronger"), "weights"),
    facts({ metrics: [row("Markov", "candidate", 0.9), row("Pop", "baseline", 0.1)] }),
    now + 3000,
  );
  const active = (await readActivation(registry))!.active;
  for (const version of [stronger.version, active])
    await activate(registry, version, { by: "promote", objections: [], now: now + 4000 });
  const { against } = await againstServed(task, registry);
  assert.deepEqual(
    against.map(({ version }) => version),
    [active, stronger.version],
  );
});

test("a folder that no training has left is refused", async () => {
  const options = { source: "x", parent: null, now };
  await assert.rejects(registerDraft(registry, join(folder, "none"), options), { code: "MODEL_NOT_FOUND" });
  await writeFile(join(task.out, "metrics.json"), '{"model":"oracle"}');
  await assert.rejects(registerDraft(registry, task.out, options), {
    code: "REPORT_INVALID",
    message: /metrics\.json is not a training report: run kiln train/,
  });
});
