import assert from "node:assert/strict";
import { test } from "node:test";
import { createReplica } from "../../src/replica/replica.ts";
import type { CallResult, Replica } from "../../src/replica/types.ts";
import { opcodes as op } from "../../src/wasm/opcodes.ts";
import { create, installCode } from "../replica/local-canisters.ts";
import { assemble, constant, drop, load, store, wide } from "../wasm/assemble.ts";
import { canisterOf, replyWith, system } from "./hand-made.ts";

async function withCanister(
  wasm: Uint8Array,
  use: (ask: Ask, replica: Replica, id: Uint8Array) => Promise<void>,
) {
  await using replica = await createReplica({
    subnetId: new Uint8Array(29),
    instructionLimits: { update: 1_000_000n, query: 500_000n },
  });
  const id = await create(replica);
  await installCode(replica, id, wasm);
  const ingress = (method: string, arg: number[] = []) => ({
    requestId: new Uint8Array(32),
    sender: Uint8Array.of(4),
    canisterId: id.toUint8Array(),
    method,
    arg: Uint8Array.from(arg),
  });
  const ask: Ask = {
    update: (method, arg) => replica.update(ingress(method, arg)),
    query: (method, arg) => replica.query(ingress(method, arg), undefined),
    inspect: (method, arg) => replica.inspect(ingress(method, arg)),
  };
  await use(ask, replica, id.toUint8Array());
}

type Kind = "update" | "query" | "inspect";
type Ask = Record<Kind, (method: string, arg?: number[]) => Promise<CallResult | undefined>>;

const messageOf = (result: CallResult | undefined) =>
  result?.status === "rejected" ? `${result.errorCode} ${result.message}` : undefined;

const wrongContexts: [entry: string, code: number[], message: RegExp][] = [
  [
    "canister_query f",
    [...system("call_perform"), drop],
    /IC0504 .*"ic0_call_perform" cannot be executed in non replicated query mode/,
  ],
  [
    "canister_query f",
    [...constant(0), ...constant(1), ...system("certified_data_set")],
    /"ic0_certified_data_set" cannot .* non replicated query/,
  ],
  ["canister_query f", [...wide(1), ...system("global_timer_set"), drop], /"ic0_global_timer_set" cannot/],
  [
    "canister_composite_query f",
    [...system("accept_message")],
    /"ic0_accept_message" cannot .* composite query/,
  ],
  ["canister_update f", [...system("msg_reject_code"), drop], /"ic0_msg_reject_code" cannot .* update mode/],
  ["canister_update f", [...system("data_certificate_size"), drop], /"ic0_data_certificate_size" cannot/],
  ["canister_update f", [...system("msg_method_name_size"), drop], /"ic0_msg_method_name_size" cannot/],
  ["canister_update f", [...system("call_perform"), drop], /no call is under construction/],
  ["canister_update f", [...system("msg_reply"), ...system("msg_reply")], /already replied/],
  ["canister_update f", [], /IC0506 .*did not reply/],
  ["canister_update f", [...constant(70_000), ...load(), drop], /IC0502 .*heap out of bounds/],
  [
    "canister_update f",
    [...constant(65_530), ...constant(60), ...system("msg_reply_data_append")],
    /heap out of bounds/,
  ],
  [
    "canister_update f",
    [...wide(0), ...wide(0), ...wide(1), ...system("stable64_write")],
    /stable memory out of bounds/,
  ],
  [
    "canister_update f",
    [...constant(0), ...constant(0), ...constant(9), ...system("msg_arg_data_copy")],
    /reach beyond the 0 bytes/,
  ],
  ["canister_update f", [op.unreachable], /IC0502 .*Canister trapped: unreachable/],
  ["canister_update f", [...constant(1), ...constant(0), 0x6d, drop], /integer divide by 0/],
  ["canister_update f", [op.loop, 0x40, op.br, 0, op.end], /IC0522 .*limit of 1000000 instructions/],
  ["canister_query f", [op.loop, 0x40, op.br, 0, op.end], /IC0522 .*limit of 500000 instructions/],
];
for (const [entry, code, message] of wrongContexts) {
  test(`${entry}: ${message.source}`, () =>
    withCanister(canisterOf({ [entry]: code }), async (ask) => {
      const way = entry.startsWith("canister_update") ? "update" : "query";
      assert.match(messageOf(await ask[way]("f")) ?? "no rejection", message);
    }));
}

test("active data is there at installation and not again afterwards", () =>
  withCanister(
    canisterOf(
      {
        canister_init: [...constant(8), ...constant(77), ...store()],
        "canister_update set": [...constant(4), ...constant(9), ...store(), ...system("msg_reply")],
        "canister_query get": [
          ...constant(0),
          ...constant(12),
          ...system("msg_reply_data_append"),
          ...system("msg_reply"),
        ],
      },
      { data: [{ at: 0, content: [1, 0, 0, 0, 2, 0, 0, 0] }] },
    ),
    async (ask) => {
      const words = async () => {
        const result = await ask.query("get");
        assert.ok(result?.status === "replied");
        return [...new Uint32Array(result.reply.slice().buffer)];
      };
      assert.deepEqual(await words(), [1, 2, 77]);
      await ask.update("set");
      assert.deepEqual(await words(), [1, 9, 77]);
    },
  ));

test("inspect_message that does not accept refuses, one that accepts lets in", () =>
  withCanister(
    canisterOf({
      canister_inspect_message: [
        ...system("msg_arg_data_size"),
        op.if,
        0x40,
        ...system("accept_message"),
        op.end,
      ],
    }),
    async (ask) => {
      assert.match(messageOf(await ask.inspect("any")) ?? "", /IC0406 .*rejected the message/);
      assert.equal(await ask.inspect("any", [1]), undefined);
    },
  ));

test("a trap in a callback leads to the cleanup, whose changes stay", () => {
  const self = [...constant(100), ...constant(0), ...constant(10), ...system("canister_self_copy")];
  const begin = [
    ...self,
    ...[100, 10, 200, 1, 0, 0, 0, 0].flatMap(constant),
    ...system("call_new"),
    ...[1, 33].flatMap(constant),
    ...system("call_on_cleanup"),
    ...system("call_perform"),
    drop,
  ];
  const wasm = canisterOf(
    {
      "canister_update start": begin,
      "canister_update g": [...constant(0), ...constant(5), ...store(), ...system("msg_reply")],
      "canister_query get": replyWith(0),
    },
    { data: [{ at: 200, content: [0x67] }] },
    [
      [...constant(0), ...constant(6), ...store(), op.unreachable],
      [...constant(0), op.localGet, 0, ...store()],
    ],
  );
  return withCanister(wasm, async (ask) => {
    assert.match(messageOf(await ask.update("start")) ?? "", /unreachable/);
    const result = await ask.query("get");
    assert.deepEqual(result?.status === "replied" && [...result.reply], [33, 0, 0, 0]);
  });
});

test("a bounded call that is not answered in time ends in SYS_UNKNOWN", () => {
  const target = (method: number) => [
    ...constant(100),
    ...constant(0),
    ...constant(10),
    ...system("canister_self_copy"),
    ...[100, 10, method, 1, 0, 0, 1, 0].flatMap(constant),
    ...system("call_new"),
  ];
  const wasm = canisterOf(
    {
      // `b` calls `w`, which keeps calling itself and never answers.
      "canister_update b": [
        ...target(200),
        ...constant(0),
        ...system("call_with_best_effort_response"),
        ...system("call_perform"),
        drop,
      ],
      "canister_update w": [...target(200), ...system("call_perform"), drop],
    },
    { data: [{ at: 200, content: [0x77] }] },
    [system("msg_reply"), [...constant(300), ...system("msg_reject_code"), ...store(), ...replyWith(300)]],
  );
  return withCanister(wasm, async (ask) => {
    const result = await ask.update("b");
    assert.deepEqual(result?.status === "replied" && [...result.reply], [6, 0, 0, 0]);
  });
});

const replyAmount = [
  ...constant(0),
  ...constant(16),
  ...system("msg_reply_data_append"),
  ...system("msg_reply"),
];
/** By the price list, for 32-bit code on a subnet of 13 nodes. */
const costs: [what: string, code: number[], cycles: bigint][] = [
  ["create_canister", [...constant(0), ...system("cost_create_canister")], 500_000_000_000n],
  [
    "http_request",
    [...wide(100), ...wide(2000), ...constant(0), ...system("cost_http_request")],
    (3_000_000n + 13n * 60_000n + 400n * 100n + 800n * 2000n) * 13n,
  ],
  [
    "call",
    [...wide(4), ...wide(96), ...constant(0), ...system("cost_call")],
    260_000n + 1_000n * 100n + 1_000n * 2n ** 21n + 5_000_000n + 40_000_000_000n,
  ],
];
for (const [what, code, cycles] of costs) {
  test(`a canister learns what it will cost: ${what}`, () =>
    withCanister(canisterOf({ "canister_query f": [...code, ...replyAmount] }), async (ask) => {
      const result = await ask.query("f");
      assert.ok(result?.status === "replied");
      assert.equal(Buffer.from(result.reply).readBigUInt64LE(), cycles);
    }));
}

const invalid: [name: string, wasm: Uint8Array, message: RegExp][] = [
  [
    "an unknown import",
    assemble({ imports: [{ name: "sleep" }], functions: [] }),
    /import ic0.sleep is not known/,
  ],
  [
    "an import with another signature",
    assemble({ memory: { flags: 0, initial: 1 }, functions: [{ code: [...constant(1), drop, drop] }] }),
    /not valid/,
  ],
  [
    "a method of two kinds",
    canisterOf({ "canister_update f": [], "canister_query f": [] }),
    /method f is exported more than once/,
  ],
  ["code that does not validate", canisterOf({ "canister_update f": [drop] }), /IC0505/],
];
for (const [name, wasm, message] of invalid) {
  test(`not installed: ${name}`, async () => {
    await using replica = await createReplica({ subnetId: new Uint8Array(29) });
    await assert.rejects(installCode(replica, await create(replica), wasm), message);
  });
}

test("a trap in the start function or in init leaves the canister empty", async () => {
  await using replica = await createReplica({ subnetId: new Uint8Array(29) });
  const id = await create(replica);
  await assert.rejects(
    installCode(replica, id, canisterOf({ canister_init: [op.unreachable] })),
    /unreachable/,
  );
  assert.equal(replica.canister(id.toUint8Array())!.moduleHash, undefined);
  await assert.rejects(installCode(replica, id, canisterOf({ f: [] }, { start: 0 })), /IC0505|IC0504/);
});
