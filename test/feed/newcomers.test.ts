import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import * as tf from "@tensorflow/tfjs";
import type { TypedError } from "../../src/base/typed-error.ts";
import { ActiveModel } from "../../src/feed/sources/active-model.ts";
import { loadServedModel } from "../../src/feed/sources/served-model.ts";
import { contentOf, writeContent } from "../../src/ml/datasets/content-file.ts";
import { runTraining } from "../../src/ml/jobs/run-training.ts";
import { activate } from "../../src/ml/registry/activation.ts";
import { registerTrained } from "../../src/ml/registry/register-trained.ts";
import { TrainingTask } from "../../src/ml/training/training-task.ts";

const folder = await mkdtemp(join(tmpdir(), "kiln-newcomers-"));
after(() => rm(folder, { recursive: true }));
const registry = { folder: join(folder, "models") };
const content = join(folder, "features.jsonl");

/** Videos of two kinds, which look alike within a kind. */
const kinds = ["cats", "cars"] as const;
const looks = (kind: (typeof kinds)[number], number: number) => [
  kind === "cats" ? 1 : 0,
  kind === "cars" ? 1 : 0,
  0.1 * Math.sin(number),
  0.1 * Math.cos(number),
];
const known = kinds.flatMap((kind) =>
  Array.from({ length: 8 }, (_, number) => [`${kind}-${number}`, looks(kind, number)] as const),
);
const newcomers = kinds.map((kind) => [`${kind}-new`, looks(kind, 99)] as const);

/** A model of viewers who watch one kind, each in an order of their own. */
async function train(model: "transformer" | "blend"): Promise<string> {
  const lines = Array.from({ length: 80 }, (_, user) =>
    Array.from(
      { length: 6 },
      (_, step) => `u${user} ${kinds[user % 2]}-${(user * 3 + step * (1 + (user % 5))) % 8}`,
    ),
  );
  await writeFile(join(folder, "pairs.txt"), [...new Set(lines.flat())].join("\n"));
  await writeContent(content, new Map(known));
  const task = TrainingTask.parse({
    source: { kind: "file", path: join(folder, "pairs.txt"), format: "pairs" },
    ...{ content, model, out: join(folder, model), engine: "wasm", split: "leave-last-out" },
    parameters: {
      transformer: { dimension: 16, blocks: 1, context: 8, dropout: 0.1 },
      training: { epochs: 12, tokens: 128, learningRate: 0.02, warmup: 5, averageDecay: 0.9 },
    },
  });
  await runTraining(task);
  return (await registerTrained(registry, task, { promote: false, now: Date.now() })).version;
}

const fan = (kind: string) => [`${kind}-1`, `${kind}-2`, `${kind}-3`];

for (const model of ["transformer", "blend"] as const)
  test(`a video that a ${model} has never seen is placed by its content, as soon as its features are there`, async () => {
    const version = await train(model);
    await activate(registry, version, { by: "promote", objections: [], now: Date.now() });
    const failures: unknown[] = [];
    const active = new ActiveModel(registry, {
      content,
      load: async (asked) =>
        loadServedModel(registry, asked, { engine: "wasm", content: await contentOf(content) }),
      onLoaded: () => {},
      onFailed: (error) => failures.push(error),
    });
    await active.refresh();
    const before = await active.current!.recommend(fan("cats"), new Set(), 99);
    assert.deepEqual([before.length, before.includes("cats-new")], [16, false]);

    await writeContent(content, new Map([...known, ...newcomers]));
    await active.refresh();
    assert.deepEqual(failures, []);
    for (const [kind, other] of [
      ["cats", "cars"],
      ["cars", "cats"],
    ] as const) {
      const order = await active.current!.recommend(fan(kind), new Set(fan(kind)), 99);
      assert.equal(order.length, 15);
      const place = (video: string) => order.indexOf(video);
      assert.ok(place(`${kind}-new`) < place(`${other}-new`), `${order}`);
      // Among its own kind, before what the viewer never watches.
      assert.ok(place(`${kind}-new`) < 8, `${order}`);
    }
    assert.deepEqual(
      (await active.current!.recommend(fan("cats"), new Set(), 99)).filter((video) => !video.endsWith("new")),
      before,
    );
    assert.equal(active.current!.learned.has("cats-new"), false);
    assert.deepEqual(await active.current!.recommend(["unknown"], new Set(["odd"]), 3), []);
    // Who has watched the new one alone is known by it.
    const [first] = await active.current!.recommend(["cars-new"], new Set(["cars-new"]), 1);
    assert.match(first!, /^cars/);

    const tensors = tf.memory().numTensors;
    await writeContent(content, new Map([...known, ...newcomers, ["cats-newer", looks("cats", 50)]]));
    await active.refresh();
    assert.equal(active.current!.videos.length, 19);
    assert.equal(tf.memory().numTensors, tensors, "the replaced model is freed");
    const serving = active.current;
    await writeContent(content, new Map([["odd", [1, 2]]]));
    await active.refresh();
    assert.deepEqual(
      failures.map((error) => (error as TypedError).code),
      ["CONTENT_INVALID"],
    );
    assert.equal(active.current, serving);
  });
