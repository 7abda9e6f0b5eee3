import { Actor, type ActorMethod, type Agent } from "@dfinity/agent";
import type { IDL } from "@dfinity/candid";
import { Principal } from "@dfinity/principal";
import { PrincipalText, readReply } from "@kiln/client/network/reply";
import { withRetry } from "@kiln/client/network/retry";
import { z } from "zod";
import { TypedError } from "../../base/typed-error.ts";

/** @source internetcomputer.org, "Cycles ledger" */
const canisterId = "um5iw-rqaaa-aaaaq-qaaba-cai";

type Opt<Value> = [] | [Value];

type Ledger = {
  icrc1_balance_of: ActorMethod<[{ owner: Principal; subaccount: [] }], bigint>;
  create_canister: ActorMethod<
    [
      {
        amount: bigint;
        created_at_time: Opt<bigint>;
        creation_args: Opt<{ subnet_selection: Opt<{ Subnet: { subnet: Principal } }> }>;
      },
    ],
    unknown
  >;
  withdraw: ActorMethod<[{ amount: bigint; to: Principal; created_at_time: Opt<bigint> }], unknown>;
};

/** @source dfinity/cycles-ledger, cycles-ledger.did; errors are read by name only */
const idlFactory: IDL.InterfaceFactory = ({ IDL: idl }) => {
  const failure = idl.Variant({
    InsufficientFunds: idl.Record({ balance: idl.Nat }),
    TooOld: idl.Null,
    CreatedInFuture: idl.Record({ ledger_time: idl.Nat64 }),
    TemporarilyUnavailable: idl.Null,
    Duplicate: idl.Record({ duplicate_of: idl.Nat }),
    GenericError: idl.Record({ message: idl.Text, error_code: idl.Nat }),
    FailedToCreate: idl.Record({ error: idl.Text }),
    FailedToWithdraw: idl.Record({ rejection_reason: idl.Text }),
    InvalidReceiver: idl.Record({ receiver: idl.Principal }),
    BadFee: idl.Record({ expected_fee: idl.Nat }),
  });
  const result = (value: IDL.Type) => idl.Variant({ Ok: value, Err: failure });
  const time = idl.Opt(idl.Nat64);
  const account = idl.Record({ owner: idl.Principal, subaccount: idl.Opt(idl.Vec(idl.Nat8)) });
  const selection = idl.Variant({ Subnet: idl.Record({ subnet: idl.Principal }) });
  return idl.Service({
    icrc1_balance_of: idl.Func([account], [idl.Nat], ["query"]),
    create_canister: idl.Func(
      [
        idl.Record({
          amount: idl.Nat,
          created_at_time: time,
          creation_args: idl.Opt(idl.Record({ subnet_selection: idl.Opt(selection) })),
        }),
      ],
      [result(idl.Record({ canister_id: idl.Principal }))],
      [],
    ),
    withdraw: idl.Func(
      [idl.Record({ amount: idl.Nat, to: idl.Principal, created_at_time: time })],
      [result(idl.Nat)],
      [],
    ),
  });
};

const Created = z.object({ Ok: z.object({ canister_id: PrincipalText }) });
const Failed = z.object({ Err: z.record(z.string(), z.unknown()) });

/**
 * The agent's own cycles account, which pays for canisters on the Internet Computer. Every withdrawal carries the
 * time of its first try, so the ledger recognises a retry as a duplicate. All throw TypedError: CYCLES_REFUSED, and
 * those of `withRetry`.
 */
export function cyclesLedger(agent: Agent) {
  const actor = Actor.createActor<Ledger>(idlFactory, { agent, canisterId });
  const target = `cycles ledger ${canisterId}`;
  const now = (): [bigint] => [BigInt(Date.now()) * 1_000_000n];

  async function pay<Reply extends z.ZodType>(schema: Reply, run: () => Promise<unknown>) {
    const reply = await withRetry(run, { target });
    const failed = Failed.safeParse(reply);
    if (!failed.success) return readReply(schema, reply, target);
    const [[name, detail] = ["", undefined]] = Object.entries(failed.data.Err);
    const words = JSON.stringify(detail, (_key, value) => (typeof value === "bigint" ? `${value}` : value));
    throw new TypedError("CYCLES_REFUSED", `${target}: ${name} ${words}`);
  }

  return {
    balance: async (): Promise<bigint> => {
      const owner = await agent.getPrincipal();
      const reply = await withRetry(() => actor.icrc1_balance_of({ owner, subaccount: [] }), { target });
      return readReply(z.bigint(), reply, target);
    },

    /** @param subnet if absent, the ledger chooses one */
    async createCanister(options: { cycles: bigint; subnet?: string | undefined }): Promise<string> {
      const { cycles: amount, subnet } = options;
      const created_at_time = now();
      const selected: Opt<{ Subnet: { subnet: Principal } }> =
        subnet === undefined ? [] : [{ Subnet: { subnet: Principal.fromText(subnet) } }];
      const reply = await pay(Created, () =>
        actor.create_canister({ amount, created_at_time, creation_args: [{ subnet_selection: selected }] }),
      );
      return reply.Ok.canister_id;
    },

    async topUp(canister: string, amount: bigint): Promise<void> {
      const created_at_time = now();
      const to = Principal.fromText(canister);
      await pay(z.object({ Ok: z.bigint() }), () => actor.withdraw({ amount, to, created_at_time }));
    },
  };
}
