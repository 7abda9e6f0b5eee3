import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { IDL } from "@dfinity/candid";
import { Principal } from "@dfinity/principal";
import { createReplica, type LocalReplica } from "../../src/replica/replica.ts";
import {
  type Actor,
  bob,
  create,
  deploy,
  fixture,
  installCode,
  manage,
  noSettings,
} from "./local-canisters.ts";

/** In the words of the platform, since programs read them. @source dfinity/ic canister_manager/types.rs, UserError */
let replica: LocalReplica;
let wasm: Uint8Array;
let a: Actor;
let b: Actor;
let maker: Actor;

before(async () => {
  wasm = await fixture("Actor");
  replica = await createReplica({ subnetId: new Uint8Array(29), now: () => 1n });
  [a, b] = [await deploy(replica, wasm), await deploy(replica, wasm)];
  maker = await deploy(replica, await fixture("Maker"));
});
after(() => replica[Symbol.asyncDispose]());

const nobody = Principal.fromText("hryns-myaaa-aaaae-aaaaa-cai");
const target = (canister_id = a.id) => ({ canister_id });
const bytes = new Uint8Array(4);
const hex = Buffer.from(bytes).toString("hex");
const uploaded = { canister_id: nobody, mode: { install: null }, wasm_module: bytes, arg: bytes };
const set = (settings: object) =>
  manage(replica, "update_settings", { ...target(), settings: { ...noSettings, ...settings } });

/** What is done, and what is said to it, with the ids of a and b for A and B. */
const errors: [what: string, act: () => Promise<unknown>, error: string][] = [
  [
    "a canister that is not there",
    () => manage(replica, "start_canister", target(nobody)),
    `IC0301 (3): Canister ${nobody} not found`,
  ],
  [
    "a stranger from outside",
    () => manage(replica, "stop_canister", target(), bob),
    "IC0512 (5): Only controllers of canister A can call ic00 method stop_canister",
  ],
  [
    "a canister that controls nothing",
    () => maker.update("stop", [[IDL.Principal, a.id]], []),
    "Only the controllers of the canister A can control it.",
  ],
  [
    "an id that is taken",
    () => create(replica, { id: a.id }),
    "IC0538 (5): Canister A is already installed.",
  ],
  [
    "code where code is",
    () => installCode(replica, a.id, wasm),
    "IC0514 (5): Canister A cannot be installed because the canister is not empty. Try installing with mode='reinstall' instead.",
  ],
  [
    "deletion of a running canister",
    () => manage(replica, "delete_canister", target()),
    "IC0510 (5): Canister A must be stopped before it is deleted.",
  ],
  [
    "a chunk that is too large",
    () => manage(replica, "upload_chunk", { ...target(), chunk: new Uint8Array(1_048_577) }),
    "IC0504 (5): Error from Wasm chunk store: Wasm chunk size 1048577 exceeds the maximum chunk size of 1048576.",
  ],
  [
    "a snapshot that is not there",
    () => manage(replica, "delete_canister_snapshot", { ...target(), snapshot_id: bytes }),
    `IC0305 (3): Could not find the snapshot ID ${hex} for canister A.`,
  ],
  [
    "a snapshot of nothing",
    async () => {
      const canister_id = await create(replica);
      return manage(replica, "take_canister_snapshot", {
        canister_id,
        replace_snapshot: [],
        uninstall_code: [],
      });
    },
    "IC0406 (4): Failed to create snapshot for empty canister",
  ],
  [
    "a log that is too long",
    () => set({ log_memory_limit: [2_097_153n] }),
    "IC0406 (4): The canister log memory limit 2097153 is too high. It must be at most 2097152.",
  ],
  [
    "installation on nothing",
    () => manage(replica, "install_code", uploaded),
    `IC0301 (3): Canister ${nobody} not found`,
  ],
  [
    "a method that is not there",
    () => a.update("absent", []),
    "IC0536 (5): Error from Canister A: Canister has no update method 'absent'.",
  ],
  [
    "a composite query as an update",
    () =>
      a.update("sum", [
        [IDL.Principal, b.id],
        [IDL.Nat, 1n],
      ]),
    "IC0527 (5): Composite query cannot be called in replicated mode",
  ],
  [
    "a trap",
    () => a.update("boom", []),
    "IC0503 (5): Error from Canister A: Canister called `ic0.trap` with message: 'boom'",
  ],
  ["a refusal by the canister's own code", () => a.update("rejects", []), "IC0406 (4): no thanks"],
];
for (const [what, act, error] of errors) {
  test(`what is said to ${what}`, async () => {
    const expected = error.replaceAll(/\bA\b/g, a.id.toText());
    const message = await act().then(
      () => "nothing",
      (thrown: Error) => thrown.message,
    );
    assert.ok(message.startsWith(expected) || message.includes(`: ${expected}`), message);
  });
}
