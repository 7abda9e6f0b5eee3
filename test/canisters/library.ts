import { fileURLToPath } from "node:url";
import { Actor, type ActorMethod, HttpAgent } from "@dfinity/agent";
import { IDL } from "@dfinity/candid";
import type { Principal } from "@dfinity/principal";
import { compileMotoko, startLocalnet } from "@kiln/localnet";
import { installCanister } from "../../src/ic/deploy/install.ts";
import { madeUpIdentity } from "../../src/ic/network/identity.ts";

export type Path = Uint8Array[];

/** Allocates bytes, or frees what the step with that number allocated. */
export type Step = { allocate: bigint } | { free: bigint };

/** What a principal has done to a post. */
export type Mark = { likes: boolean; hasShared: boolean; vote: [] | [object]; watched: number };

/** The actor of library.mo. */
export type Library = {
  sha256: ActorMethod<[Uint8Array[]], { streamed: Uint8Array; joined: Uint8Array }>;
  tree: ActorMethod<[[Path, [] | [Uint8Array]][], Path[]], { root: Uint8Array; witness: Uint8Array }>;
  extents: ActorMethod<[Step[]], { offsets: BigUint64Array; end: bigint }>;
  marks: ActorMethod<
    [[Principal, Mark][], Principal[]],
    { marks: ([] | [Mark])[]; records: bigint; longest: bigint }
  >;
  keep: ActorMethod<[Uint8Array], undefined>;
  finish: ActorMethod<[], Uint8Array>;
};

const idlFactory: IDL.InterfaceFactory = () => {
  const bytes = IDL.Vec(IDL.Nat8);
  const path = IDL.Vec(bytes);
  const vote = IDL.Variant({ Hot: IDL.Null, Not: IDL.Null });
  const mark = IDL.Record({
    likes: IDL.Bool,
    hasShared: IDL.Bool,
    vote: IDL.Opt(vote),
    watched: IDL.Nat8,
  });
  return IDL.Service({
    sha256: IDL.Func([IDL.Vec(bytes)], [IDL.Record({ streamed: bytes, joined: bytes })], ["query"]),
    tree: IDL.Func(
      [IDL.Vec(IDL.Tuple(path, IDL.Opt(bytes))), IDL.Vec(path)],
      [IDL.Record({ root: bytes, witness: bytes })],
      ["query"],
    ),
    extents: IDL.Func(
      [IDL.Vec(IDL.Variant({ allocate: IDL.Nat64, free: IDL.Nat }))],
      [IDL.Record({ offsets: IDL.Vec(IDL.Nat64), end: IDL.Nat64 })],
      ["query"],
    ),
    marks: IDL.Func(
      [IDL.Vec(IDL.Tuple(IDL.Principal, mark)), IDL.Vec(IDL.Principal)],
      [IDL.Record({ marks: IDL.Vec(IDL.Opt(mark)), records: IDL.Nat, longest: IDL.Nat })],
      ["query"],
    ),
    keep: IDL.Func([bytes], [], []),
    finish: IDL.Func([], [bytes], []),
  });
};

/** The Motoko library on a local network of its own. */
export async function startLibrary(): Promise<AsyncDisposable & { library: Library }> {
  const { wasm } = await compileMotoko({
    main: fileURLToPath(new URL("library.mo", import.meta.url)),
    cache: fileURLToPath(new URL("../../.cache/canisters", import.meta.url)),
  });
  const localnet = await startLocalnet();
  const agent = HttpAgent.createSync({
    host: localnet.url,
    identity: madeUpIdentity(),
    rootKey: localnet.rootKey,
  });
  const canisterId = await installCanister({ agent, wasm, arg: IDL.encode([], []), mode: "install" });
  return {
    library: Actor.createActor<Library>(idlFactory, { agent, canisterId }),
    [Symbol.asyncDispose]: () => localnet.close(),
  };
}
