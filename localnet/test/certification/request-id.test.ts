import assert from "node:assert/strict";
import { test } from "node:test";
import { hashOfMap as agentHash } from "@dfinity/agent";
import fc from "fast-check";
import { hashOfMap } from "../../src/certification/request-id.ts";

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString("hex");

test("the example of the IC interface specification", () => {
  const content = {
    request_type: "call",
    sender: Uint8Array.of(4),
    ingress_expiry: 1_685_570_400_000_000_000n,
    canister_id: Uint8Array.of(0, 0, 0, 0, 0, 0, 0x04, 0xd2),
    method_name: "hello",
    arg: Buffer.from("DIDL\x00\xfd*", "latin1"),
  };
  assert.equal(hex(hashOfMap(content)), "1d1091364d6bb8a6c16b203ee75467d59ead468f523eb058880ae8ec80e2b101");
});

test("the agent computes the same hash", () => {
  const value = fc.oneof(fc.string(), fc.bigInt({ min: 0n, max: (1n << 64n) - 1n }), fc.uint8Array());
  const content = fc.dictionary(fc.string({ minLength: 1 }), fc.oneof(value, fc.array(value)), {
    noNullPrototype: true,
  });
  fc.assert(fc.property(content, (map) => assert.equal(hex(hashOfMap(map)), hex(agentHash(map)))));
});

test("what has no hash is refused", () => {
  assert.throws(() => hashOfMap({ a: -1 }), /cannot hold the number -1/);
  assert.throws(() => hashOfMap({ a: null as never }), /cannot hold null/);
});
