import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { Lake } from "../../../src/events/lake/lake.ts";
import { ActiveModel } from "../../../src/feed/sources/active-model.ts";
import { activate } from "../../../src/ml/registry/activation.ts";
import { sample } from "../../events/sample-events.ts";
import { servedModel } from "../feed-dependencies.ts";
import { markovVersion } from "../markov-version.ts";

test("a replaced model is freed when the last request that uses it is done, an unused one at once", async (t) => {
  const folder = await mkdtemp(join(tmpdir(), "kiln-active-"));
  t.after(() => rm(folder, { recursive: true }));
  const [registry, path] = [{ folder: join(folder, "models") }, join(folder, "lake")];
  {
    using lake = await Lake.open(path);
    await lake.add(["a", "b", "c"].map((video) => sample({ video })));
  }
  const freed: string[] = [];
  const model = new ActiveModel(registry, {
    load: async (version) =>
      servedModel(["a"], { version, [Symbol.dispose]: () => void freed.push(version) }),
    onLoaded: () => {},
    onFailed: (error) => assert.fail(String(error)),
  });
  const promote = async () => {
    const version = await markovVersion(registry, path);
    await activate(registry, version, { by: "promote", objections: [], now: Date.now() });
    await model.refresh();
    return version;
  };
  assert.equal(model.lease().model, undefined);
  const first = await promote();
  const leases = [model.lease(), model.lease()];
  const second = await promote();
  assert.equal(leases[0]!.model!.version, first);
  leases[0]![Symbol.dispose]();
  assert.deepEqual(freed, []);
  leases[1]![Symbol.dispose]();
  assert.deepEqual(freed, [first]);
  // A lease that has ended leaves the current model as it is.
  model.lease()[Symbol.dispose]();
  assert.deepEqual(freed, [first]);
  const third = await promote();
  assert.deepEqual(freed, [first, second]);
  assert.equal(model.current!.version, third);
});
