import assert from "node:assert/strict";
import { test } from "node:test";
import { Certifier } from "../../src/certification/certifier.ts";
import { lookup } from "../../src/certification/hash-tree.ts";
import { makeKeys } from "../../src/certification/keys.ts";
import { IngressHistory } from "../../src/http/ingress-history.ts";
import type { CallResult, Ingress } from "../../src/replica/types.ts";
import { inMemoryCanister, inMemoryReplica, replied } from "../in-memory-replica.ts";

const minute = 60_000_000_000n;
const canisterId = inMemoryCanister(1).id;

function start() {
  const time = { now: 0n };
  const replica = inMemoryReplica([
    inMemoryCanister(1, { updates: { run: () => replied(new Uint8Array()) } }),
  ]);
  const certifier = new Certifier({ all: [makeKeys()], index: 0 }, replica, () => time.now);
  const history = new IngressHistory(
    replica,
    () => certifier,
    () => time.now,
  );
  const admit = (request: number, expiry: bigint) => {
    const requestId = new Uint8Array(32).fill(request);
    const ingress: Ingress = {
      requestId,
      sender: Uint8Array.of(4),
      canisterId,
      method: "run",
      arg: new Uint8Array(),
    };
    return history.admit(ingress, canisterId, expiry);
  };
  const statusOf = async (request: number) => {
    const { tree } = await certifier.certify();
    const status = lookup(tree, ["request_status", new Uint8Array(32).fill(request), "status"]);
    return status?.kind === "leaf" ? Buffer.from(status.value).toString() : undefined;
  };
  return { time, replica, admit, statusOf };
}

test("a status is kept five minutes and as long as the request could come again, then forgotten", async () => {
  const { time, admit, statusOf } = start();
  await admit(1, minute).done;
  await admit(2, 6n * minute).done;
  time.now = 5n * minute;
  await admit(3, 10n * minute).done;
  assert.equal(await statusOf(1), "replied");
  time.now += 1n;
  await admit(4, 10n * minute).done;
  assert.equal(await statusOf(1), undefined);
  assert.equal(await statusOf(2), "replied");
});

test("a request that runs longer than that is not forgotten before its end", async () => {
  const { time, replica, admit, statusOf } = start();
  const update = Promise.withResolvers<CallResult>();
  replica.update = () => update.promise;
  const { done } = admit(1, minute);
  time.now = 60n * minute;
  assert.equal(admit(1, minute).done, done);
  assert.equal(await statusOf(1), "processing");
  update.resolve(replied(new Uint8Array()));
  await done;
  assert.equal(await statusOf(1), "replied");
});

test("a fault of the replica is a certified reject, not a request that never ends", async () => {
  const { replica, admit, statusOf } = start();
  replica.update = async () => {
    throw new Error("out of memory");
  };
  const result = await admit(1, minute).done;
  assert.equal(result.status, "rejected");
  assert.equal(await statusOf(1), "rejected");
});
