import assert from "node:assert/strict";
import { test } from "node:test";
import { createApi } from "../../../src/api/api.ts";
import { openLog } from "../../../src/base/log.ts";
import type { FeedDependencies } from "../../../src/feed/feed.ts";

const readiness = async (faults: () => Promise<string[]>) => {
  const token = "a-token-of-16-characters";
  const app = await createApi({
    dependencies: {} as FeedDependencies,
    log: openLog("silent"),
    token,
    faults,
  });
  const response = await app.inject({ url: "/readyz" });
  assert.equal((await app.inject({ url: "/openapi.json" })).statusCode, 401, "all else needs the token");
  return [response.statusCode, response.json()];
};

test("readiness: without a token; what is wrong is named", async () => {
  assert.deepEqual(await readiness(async () => []), [200, { ready: true }]);
  assert.deepEqual(await readiness(async () => ["Redis is full", "its disk, too"]), [
    503,
    { code: "NOT_READY", message: "Redis is full; its disk, too" },
  ]);
  const away = async () => {
    throw new Error("connection is closed");
  };
  assert.deepEqual(await readiness(away), [
    503,
    { code: "NOT_READY", message: "Redis does not answer: connection is closed" },
  ]);
});
