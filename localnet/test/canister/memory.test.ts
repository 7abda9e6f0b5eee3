import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { createReplica } from "../../src/replica/replica.ts";
import type { CallResult } from "../../src/replica/types.ts";
import { opcodes as op } from "../../src/wasm/opcodes.ts";
import { alice, create, installCode } from "../replica/local-canisters.ts";
import { constant, drop, load, store } from "../wasm/assemble.ts";
import { canisterOf, system } from "./hand-made.ts";

/** What one message does: grows the memory, stores a word somewhere, and traps or not. */
interface Step {
  way: "update" | "query" | "upgrade";
  address: number;
  value: number;
  grow: number;
  end: "commits" | "traps";
}

const pageSize = 65_536;
const initialPages = 2;
const mostPages = 12;

const at = { address: 16, value: 20, grow: 24, trap: 28, size: 32, word: 36 };

/** The argument is the step's four numbers; the answer is the size of the memory and the word at the address. */
const takeArgument = [...constant(16), ...constant(0), ...constant(16), ...system("msg_arg_data_copy")];
const answer = [
  ...constant(at.size),
  op.memorySize,
  0,
  ...store(),
  ...constant(at.word),
  ...constant(at.address),
  ...load(),
  ...load(),
  ...store(),
  ...constant(at.size),
  ...constant(8),
  ...system("msg_reply_data_append"),
  ...system("msg_reply"),
];
const change = [
  ...constant(at.grow),
  ...load(),
  op.memoryGrow,
  0,
  drop,
  ...constant(at.address),
  ...load(),
  ...constant(at.value),
  ...load(),
  ...store(),
  ...constant(at.trap),
  ...load(),
  op.if,
  0x40,
  op.unreachable,
  op.end,
];
const wasm = canisterOf(
  {
    "canister_update change": [...takeArgument, ...change, ...answer],
    "canister_query read": [...takeArgument, ...answer],
    "canister_query try": [...takeArgument, ...change, ...answer],
    canister_post_upgrade: [...takeArgument, ...change],
  },
  {
    memory: { flags: 1, initial: initialPages, maximum: mostPages },
    customs: ["icp:private enhanced-orthogonal-persistence"],
  },
);

const steps: fc.Arbitrary<Step> = fc.record({
  way: fc.constantFrom("update" as const, "query" as const, "upgrade" as const),
  // Around the borders of 4 KiB pages, where a store lies in two.
  address: fc
    .tuple(fc.integer({ min: 1, max: mostPages * 16 - 1 }), fc.integer({ min: -4, max: 4 }))
    .map(([page, by]) => page * 4096 + by),
  value: fc.integer({ min: 1, max: 2 ** 30 }),
  grow: fc.integer({ min: 0, max: 3 }),
  end: fc.constantFrom("commits" as const, "traps" as const),
});

test("whatever messages do, memory is what committed messages made of it", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(steps, { minLength: 1, maxLength: 25 }), async (script) => {
      await using replica = await createReplica({ subnetId: new Uint8Array(29) });
      const id = await create(replica);
      await installCode(replica, id, wasm);
      const model = { bytes: new Uint8Array(mostPages * pageSize), pages: initialPages };
      const ask = (way: "update" | "query", method: string, arg: Uint8Array) => {
        const ingress = {
          requestId: new Uint8Array(32),
          sender: alice,
          canisterId: id.toUint8Array(),
          method,
          arg,
        };
        return way === "update" ? replica.update(ingress) : replica.query(ingress, undefined);
      };
      for (const step of script) {
        const arg = argumentOf(step);
        const pages = model.pages + step.grow <= mostPages ? model.pages + step.grow : model.pages;
        const outside = step.address + 4 > pages * pageSize;
        // Behind the end, pages left by undone growth may be written to, or not: no well-made program does.
        if (outside) continue;
        if (step.way === "upgrade") {
          await installCode(replica, id, wasm, "keep", arg).catch(() => {});
        } else {
          const result = await ask(step.way, step.way === "update" ? "change" : "try", arg);
          assert.equal(result.status, step.end === "traps" ? "rejected" : "replied");
          if (result.status === "replied") assert.deepEqual(answerOf(result), [pages, step.value]);
        }
        if (step.way !== "query" && step.end === "commits") {
          model.pages = pages;
          new DataView(model.bytes.buffer).setUint32(step.address, step.value, true);
        }
        for (const { address } of script) {
          if (address + 4 > model.pages * pageSize) continue;
          const expected = new DataView(model.bytes.buffer).getUint32(address, true);
          const seen = answerOf(await ask("query", "read", argumentOf({ ...step, address })));
          assert.deepEqual(seen, [model.pages, expected]);
        }
      }
    }),
    { numRuns: 40 },
  );
});

function argumentOf({ address, value, grow, end }: Step): Uint8Array {
  return new Uint8Array(Uint32Array.of(address, value, grow, end === "traps" ? 1 : 0).buffer);
}

function answerOf(result: CallResult): number[] {
  assert.equal(result.status, "replied");
  return result.status === "replied" ? [...new Uint32Array(result.reply.slice().buffer)] : [];
}
