import assert from "node:assert/strict";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { runTraining } from "../../../src/ml/jobs/run-training.ts";
import { loadRecommender } from "../../../src/ml/models/stored/load-recommender.ts";
import { TrainingTask } from "../../../src/ml/training/training-task.ts";

const folder = await mkdtemp(join(tmpdir(), "kiln-run-training-"));
after(() => rm(folder, { recursive: true }));

const parameters = {
  transformer: { dimension: 8, context: 8, dropout: 0 },
  training: { epochs: 2, tokens: 64, evaluateEvery: 1 },
};

/** RecBole's form, with times a minute apart, or all the same. */
const inter = (users: number, length: number, at = (step: number) => 60 * step) =>
  [
    "user_id:token\titem_id:token\ttimestamp:float",
    ...Array.from({ length: users * length }, (_, index) => {
      const [user, step] = [Math.floor(index / length), index % length];
      return `u${user}\ti${(user + step) % 10}\t${at(user + step)}`;
    }),
  ].join("\n");

async function task(name: string, text: string, more: object = {}): Promise<TrainingTask> {
  const path = join(folder, `${name}.inter`);
  await writeFile(path, text);
  const source = { kind: "file", path, format: "inter" };
  return TrainingTask.parse({ source, out: join(folder, name), engine: "wasm", parameters, ...more });
}

test("a training in its own process leaves a model that loads, its metrics, a page and a picture", async () => {
  const asked = await task("whole", inter(30, 8));
  const epochs = new Set<number>();
  const report = await runTraining(asked, { onProgress: ({ epoch }) => epochs.add(epoch) });
  assert.deepEqual([...epochs], [1, 2]);
  assert.deepEqual((await readdir(asked.out)).sort(), [
    "global.json",
    "items.json",
    "metrics.json",
    "model.json",
    "report.html",
    "report.png",
    "weights.safetensors",
  ]);
  assert.deepEqual(
    report.evaluations.map(({ model }) => model),
    ["Blend", "Markov", "Pop"],
  );
  assert.equal(report.data.split, "time");
  for (const { model, cases, calibration } of report.evaluations)
    assert.equal(
      calibration?.list.bins.reduce((sum, { count }) => sum + count, 0),
      cases,
      model,
    );
  const page = await readFile(join(asked.out, "report.html"), "utf8");
  assert.match(page, /Probabilities beside what happened.*<td>Blend<\/td>/s);
  assert.match(page, /<svg .*loss \(training\).*<svg .*NDCG@10 \(validation\)/s);
  const { recommender, items } = await loadRecommender(asked.out, { engine: "wasm" });
  assert.equal((await recommender.score([Int32Array.of(0)])).length, items.length);
});

test("an ensemble trains different networks, and an older model is gone on from", async () => {
  const asked = await task("ensemble", inter(30, 8), { model: "ensemble" });
  const report = await runTraining(asked);
  assert.deepEqual(
    report.networks.map(({ seed, steps }) => [seed, steps > 0]),
    [
      [1, true],
      [1001, true],
    ],
  );
  const more = { model: "ensemble", from: asked.out, replay: 0 };
  // Two more users and an item that the older model does not know.
  const again = await task("again", `${inter(32, 8)}\nu1\tnew\t99999`, more);
  const later = await runTraining(again);
  assert.ok(
    later.networks[0]!.steps < report.networks[0]!.steps,
    "learns from users with something new alone",
  );
  const { description, items } = await loadRecommender(again.out, { engine: "wasm" });
  assert.equal(description.kind, "blend");
  assert.ok(items.includes("new"));
});

test("all interactions at one time: each user's last item is held out, and it is said", async () => {
  const notices: string[] = [];
  const asked = await task(
    "one-time",
    inter(20, 6, () => 7),
    { model: "markov" },
  );
  const { data } = await runTraining(asked, { onNotice: (say) => notices.push(say) });
  assert.equal(data.split, "leave-last-out");
  assert.match(notices.join(), /same time.*last item is held out instead/);
});

const bad: [string, string, object, RegExp | object][] = [
  ["nothing", "user_id:token\titem_id:token\n", {}, { code: "DATASET_EMPTY" }],
  ["one-choice", "user_id:token\titem_id:token\na\tx", {}, { code: "DATASET_TOO_SMALL" }],
  ["two-users-of-two", inter(2, 2), { split: "leave-last-out" }, { code: "DATASET_TOO_SMALL" }],
  ["broken-line", "user_id:token\titem_id:token\na", {}, { code: "INTERACTIONS_INVALID", message: /line 2/ }],
  ["no-older", inter(20, 6), { from: "/nowhere" }, { code: "MODEL_NOT_FOUND" }],
];
for (const [name, text, more, expected] of bad)
  test(`bad input: ${name}`, async () => {
    const asked = await task(name, text, more);
    await assert.rejects(runTraining(asked), expected);
    assert.ok(!(await readdir(folder)).includes(name), "nothing is left behind");
  });

test("one user with a few items is trained on all the same", async () => {
  const asked = await task("one-user", inter(1, 6), { split: "leave-last-out" });
  assert.equal((await runTraining(asked)).data.users, 1);
});

test("a training whose process dies is an error that says how to go on", async () => {
  const asked = await task("dies", inter(20, 6));
  const program = join(folder, "dies.mjs");
  await writeFile(
    program,
    'process.on("message", () => { console.error("cuda: out of luck"); process.abort(); });',
  );
  await assert.rejects(runTraining(asked, { program }), {
    code: "TRAINING_DIED",
    message: /--resume.*SIGABRT.*cuda: out of luck/s,
  });
});

test("aborting stops a training and leaves its checkpoint", async () => {
  const asked = await task("aborted", inter(30, 8), {
    parameters: { ...parameters, training: { ...parameters.training, epochs: 500, patience: 500 } },
  });
  const stop = new AbortController();
  const running = runTraining(asked, { signal: stop.signal, onProgress: () => stop.abort() });
  await assert.rejects(running, { name: "AbortError" });
  assert.deepEqual(await readdir(asked.out), ["checkpoint0.safetensors"]);
});
