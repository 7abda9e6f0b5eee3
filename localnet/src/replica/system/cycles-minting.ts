import { IDL } from "@dfinity/candid";
import { Principal } from "@dfinity/principal";
import type { ChangeOrigin } from "../../canister/history.ts";
import { prices } from "../../cycles/prices.ts";
import { createPaidCanister } from "../management/create-canister.ts";
import { type Opt, type SettingsArg, settings } from "../management/interface.ts";
import { Refusal } from "../management/refusal.ts";
import {
  applicationSubnets,
  type SubnetSelection,
  subnetSelection,
  subnetSelector,
  subnetTypes,
} from "./subnet-selection.ts";
import { method, type SystemCanister, type SystemParts, type SystemReply } from "./system-canister.ts";

const mintingId = Principal.fromText("rkp4c-7iaaa-aaaaa-aaaca-cai").toUint8Array();

/** The creator in the history of canisters created through it. */
export const minter: ChangeOrigin = { kind: "canister", id: mintingId };

const creationError = IDL.Variant({
  Refunded: IDL.Record({ refund_amount: IDL.Nat, create_error: IDL.Text }),
});

/** A rate that does not move: one ICP is five XDR, and one XDR a trillion cycles. */
const permyriadPerIcp = 50_000n;

interface CreateArg {
  settings: Opt<SettingsArg>;
  subnet_selection: Opt<SubnetSelection>;
  subnet_type: Opt<string>;
}

/**
 * The cycles minting canister: creates canisters on a requested subnet. There is no ICP here, so nothing
 * is minted.
 * @source dfinity/ic rs/nns/cmc/cmc.did
 */
export function cyclesMinting(parts: SystemParts): SystemCanister {
  const { subnets, now } = parts;
  const select = subnetSelector(subnets);
  const principals = (indices: number[]) =>
    indices.map((index) => Principal.fromUint8Array(subnets.ids[index]!));
  const create = (arg: CreateArg, caller: Uint8Array, cycles: bigint): SystemReply => {
    const type = arg.subnet_type[0];
    const selection =
      arg.subnet_selection[0] ??
      (type === undefined ? undefined : { Filter: { subnet_type: [type] as [string] } });
    const subnet = select(selection);
    const refuse = (create_error: string): SystemReply => ({
      reply: [{ Err: { Refunded: { refund_amount: cycles, create_error } } }],
    });
    if (typeof subnet === "string") return refuse(subnet);
    if (cycles < prices.creation) return refuse("Insufficient cycles attached.");
    try {
      const canister = createPaidCanister(parts, {
        caller,
        settings: arg.settings[0],
        cycles,
        origin: minter,
        subnet,
      });
      return { reply: [{ Ok: Principal.fromUint8Array(canister.id) }], kept: cycles };
    } catch (error) {
      if (error instanceof Refusal) return refuse(error.message);
      throw error;
    }
  };
  return {
    id: mintingId,
    methods: {
      create_canister: method<CreateArg>(
        "update",
        [
          IDL.Record({
            settings: IDL.Opt(settings),
            subnet_selection: IDL.Opt(subnetSelection),
            subnet_type: IDL.Opt(IDL.Text),
          }),
        ],
        [IDL.Variant({ Ok: IDL.Principal, Err: creationError })],
        (arg, { caller, cycles }) => create(arg, caller, cycles),
      ),
      get_default_subnets: method("query", [], [IDL.Vec(IDL.Principal)], () => ({
        reply: [principals(applicationSubnets(subnets))],
      })),
      get_subnet_types_to_subnets: method(
        "query",
        [],
        [IDL.Record({ data: IDL.Vec(IDL.Tuple(IDL.Text, IDL.Vec(IDL.Principal))) })],
        () => ({
          reply: [
            { data: subnetTypes.map((type) => [type, principals(applicationSubnets(subnets).slice(-1))]) },
          ],
        }),
      ),
      get_icp_xdr_conversion_rate: method(
        "query",
        [],
        [
          IDL.Record({
            data: IDL.Record({ xdr_permyriad_per_icp: IDL.Nat64, timestamp_seconds: IDL.Nat64 }),
            hash_tree: IDL.Vec(IDL.Nat8),
            certificate: IDL.Vec(IDL.Nat8),
          }),
        ],
        () => ({
          reply: [
            {
              data: { xdr_permyriad_per_icp: permyriadPerIcp, timestamp_seconds: now() / 1_000_000_000n },
              hash_tree: new Uint8Array(),
              certificate: new Uint8Array(),
            },
          ],
        }),
      ),
    },
  };
}
