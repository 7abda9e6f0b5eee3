import { IDL } from "@dfinity/candid";
import { Principal } from "@dfinity/principal";
import { errorCodes, textOf } from "../../canister/trap.ts";
import { prices } from "../../cycles/prices.ts";
import { createPaidCanister } from "../management/create-canister.ts";
import { type Opt, type SettingsArg, settings } from "../management/interface.ts";
import { Refusal } from "../management/refusal.ts";
import { minter } from "./cycles-minting.ts";
import { type SubnetSelection, subnetSelection, subnetSelector } from "./subnet-selection.ts";
import { method, type SystemCanister, type SystemParts } from "./system-canister.ts";

const blob = IDL.Vec(IDL.Nat8);
const account = IDL.Record({ owner: IDL.Principal, subaccount: IDL.Opt(blob) });
const insufficient = IDL.Record({ balance: IDL.Nat });
const generic = IDL.Record({ message: IDL.Text, error_code: IDL.Nat });

interface Account {
  owner: Principal;
  subaccount: Opt<Uint8Array>;
}

/** The fee of every operation. @source the cycles ledger's icrc1_fee */
const fee = 100_000_000n;

/** The balance of an unused account: users of a local network do not buy cycles. */
const gift = 1_000_000_000_000_000n;

/** The smallest deposit, as on the mainnet. */
const smallestDeposit = fee;

/**
 * The cycles ledger: accounts whose cycles top up and create canisters. Simplified: it keeps no blocks, has no
 * approvals, and every account begins with 1,000 T.
 * @source dfinity/cycles-ledger cycles-ledger.did
 */
export function cyclesLedger(parts: SystemParts): SystemCanister {
  const { registry, subnets } = parts;
  const { ledger } = registry;
  const select = subnetSelector(subnets);
  /** Counts operations, since no blocks are kept. */
  let blocks = 0n;
  const balance = (key: string) => ledger.get(key) ?? gift;
  const deposit = (key: string, amount: bigint) => ledger.set(key, balance(key) + amount);
  /** Withdraws an amount and the fee; undefined when the account has enough. */
  const withdraw = (key: string, amount: bigint) => {
    const held = balance(key);
    if (held < amount + fee) return { Err: { InsufficientFunds: { balance: held } } };
    ledger.set(key, held - amount - fee);
    blocks += 1n;
    return undefined;
  };
  return {
    id: Principal.fromText("um5iw-rqaaa-aaaaq-qaaba-cai").toUint8Array(),
    methods: {
      icrc1_balance_of: method<Account>("query", [account], [IDL.Nat], (of) => ({
        reply: [balance(keyOf(of))],
      })),
      icrc1_fee: method("query", [], [IDL.Nat], () => ({ reply: [fee] })),
      icrc1_decimals: method("query", [], [IDL.Nat8], () => ({ reply: [12] })),
      icrc1_name: method("query", [], [IDL.Text], () => ({ reply: ["Trillion Cycles"] })),
      icrc1_symbol: method("query", [], [IDL.Text], () => ({ reply: ["TCYCLES"] })),
      icrc1_transfer: method<{ to: Account; amount: bigint; from_subaccount: Opt<Uint8Array> }>(
        "update",
        [IDL.Record({ to: account, amount: IDL.Nat, from_subaccount: IDL.Opt(blob) })],
        [IDL.Variant({ Ok: IDL.Nat, Err: IDL.Variant({ InsufficientFunds: insufficient }) })],
        ({ to, amount, from_subaccount }, { caller }) => {
          const refusal = withdraw(accountKey(caller, from_subaccount), amount);
          if (refusal) return { reply: [refusal] };
          deposit(keyOf(to), amount);
          return { reply: [{ Ok: blocks }] };
        },
      ),
      deposit: method<{ to: Account }>(
        "update",
        [IDL.Record({ to: account, memo: IDL.Opt(blob) })],
        [IDL.Record({ balance: IDL.Nat, block_index: IDL.Nat })],
        ({ to }, { cycles }) => {
          if (cycles < smallestDeposit)
            throw new Refusal(errorCodes.calledTrap, `deposit amount ${cycles} is insufficient`);
          deposit(keyOf(to), cycles);
          blocks += 1n;
          return { reply: [{ balance: balance(keyOf(to)), block_index: blocks }], kept: cycles };
        },
      ),
      withdraw: method<{ to: Principal; amount: bigint; from_subaccount: Opt<Uint8Array> }>(
        "update",
        [IDL.Record({ to: IDL.Principal, amount: IDL.Nat, from_subaccount: IDL.Opt(blob) })],
        [
          IDL.Variant({
            Ok: IDL.Nat,
            Err: IDL.Variant({
              InsufficientFunds: insufficient,
              InvalidReceiver: IDL.Record({ receiver: IDL.Principal }),
            }),
          }),
        ],
        ({ to, amount, from_subaccount }, { caller }) => {
          const canister = registry.get(to.toUint8Array());
          if (!canister) return { reply: [{ Err: { InvalidReceiver: { receiver: to } } }] };
          const refusal = withdraw(accountKey(caller, from_subaccount), amount);
          if (refusal) return { reply: [refusal] };
          canister.cycles += amount;
          return { reply: [{ Ok: blocks }] };
        },
      ),
      create_canister: method<CreateArg>(
        "update",
        [
          IDL.Record({
            from_subaccount: IDL.Opt(blob),
            amount: IDL.Nat,
            creation_args: IDL.Opt(
              IDL.Record({ settings: IDL.Opt(settings), subnet_selection: IDL.Opt(subnetSelection) }),
            ),
          }),
        ],
        [
          IDL.Variant({
            Ok: IDL.Record({ block_id: IDL.Nat, canister_id: IDL.Principal }),
            Err: IDL.Variant({
              InsufficientFunds: insufficient,
              FailedToCreate: IDL.Record({
                fee_block: IDL.Opt(IDL.Nat),
                refund_block: IDL.Opt(IDL.Nat),
                error: IDL.Text,
              }),
              GenericError: generic,
            }),
          }),
        ],
        ({ from_subaccount, amount, creation_args }, { caller }) => {
          const fail = (error: string) => ({
            reply: [{ Err: { FailedToCreate: { fee_block: [], refund_block: [], error } } }],
          });
          const [options] = creation_args;
          const subnet = select(options?.subnet_selection[0]);
          if (typeof subnet === "string") return fail(subnet);
          if (amount < prices.creation) return fail("Insufficient cycles attached.");
          const refusal = withdraw(accountKey(caller, from_subaccount), amount);
          if (refusal) return { reply: [refusal] };
          try {
            const creation = {
              caller,
              settings: options?.settings[0],
              cycles: amount,
              origin: minter,
              subnet,
            };
            const { id } = createPaidCanister(parts, creation);
            return { reply: [{ Ok: { block_id: blocks, canister_id: Principal.fromUint8Array(id) } }] };
          } catch (error) {
            deposit(accountKey(caller, from_subaccount), amount);
            if (error instanceof Refusal) return fail(error.message);
            throw error;
          }
        },
      ),
    },
  };
}

interface CreateArg {
  from_subaccount: Opt<Uint8Array>;
  amount: bigint;
  creation_args: Opt<{ settings: Opt<SettingsArg>; subnet_selection: Opt<SubnetSelection> }>;
}

function keyOf({ owner, subaccount }: Account): string {
  return accountKey(owner.toUint8Array(), subaccount);
}

/** "The default subaccount is all zeroes." */
function accountKey(owner: Uint8Array, [subaccount]: Opt<Uint8Array>): string {
  const isDefault = !subaccount || subaccount.every((byte) => byte === 0);
  return isDefault ? textOf(owner) : `${textOf(owner)}.${Buffer.from(subaccount).toString("hex")}`;
}
