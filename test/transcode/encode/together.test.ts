import assert from "node:assert/strict";
import { once } from "node:events";
import { test } from "node:test";
import { together } from "../../../src/transcode/encode/together.ts";

const forever = async (signal: AbortSignal): Promise<never> => {
  await once(signal, "abort");
  throw signal.reason;
};

test("together: results in the order of the tasks, never more at once than allowed", async () => {
  let running = 0;
  let most = 0;
  const tasks = [3, 1, 2, 5, 4].map((value) => async () => {
    most = Math.max(most, ++running);
    await new Promise(setImmediate);
    running--;
    return value;
  });
  assert.deepEqual(await together(tasks, { atOnce: 2 }), [3, 1, 2, 5, 4]);
  assert.equal(most, 2);
});

test("together: the first failure stops the others, and those that wait never begin", async () => {
  let began = 0;
  const failing = async () => {
    began++;
    throw new Error("first");
  };
  const waiting = async (signal: AbortSignal) => {
    began++;
    return forever(signal);
  };
  await assert.rejects(together([waiting, failing, waiting, failing], { atOnce: 2 }), /first/);
  assert.equal(began, 2);
});

test("together: an abort from outside stops all, with its reason", async () => {
  const stop = new AbortController();
  const done = together([forever, forever], { atOnce: 2, signal: stop.signal });
  stop.abort(new Error("outside"));
  await assert.rejects(done, /outside/);
});
