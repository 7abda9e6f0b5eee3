import { Actor, CanisterStatus, type HttpAgent } from "@dfinity/agent";
import { Principal } from "@dfinity/principal";
import { PrincipalText } from "@kiln/client/network/reply";
import { z } from "zod";
import { TypedError } from "../../base/typed-error.ts";

/** On the root subnet of every network that has one. @source dfinity/ic, rs/nns/cmc */
const cyclesMinting = "rkp4c-7iaaa-aaaaa-aaaca-cai";

const SubnetPath = z.object({ subnetId: z.string() });

/** The subnet of a canister, certified; undefined if the network does not provide it. */
export async function subnetOf(agent: HttpAgent, canisterId: string): Promise<string | undefined> {
  const status = await CanisterStatus.request({
    agent,
    canisterId: Principal.fromText(canisterId),
    paths: ["subnet"],
  });
  return SubnetPath.safeParse(status.get("subnet")).data?.subnetId;
}

/** The subnets open to everyone; empty if the network does not provide the list. */
export async function defaultSubnets(agent: HttpAgent): Promise<string[]> {
  const actor = Actor.createActor<{ get_default_subnets: () => Promise<unknown> }>(
    ({ IDL }) => IDL.Service({ get_default_subnets: IDL.Func([], [IDL.Vec(IDL.Principal)], ["query"]) }),
    { agent, canisterId: cyclesMinting },
  );
  const reply = z.array(PrincipalText).safeParse(await actor.get_default_subnets().catch(() => undefined));
  return reply.data ?? [];
}

const Ranges = z.array(z.tuple([z.instanceof(Uint8Array), z.instanceof(Uint8Array)])).min(1);

/**
 * The first canister id of a subnet, whether or not that canister exists: requests about it go to that subnet.
 * @throws TypedError SUBNET_UNKNOWN
 */
export async function firstIdOn(agent: HttpAgent, subnet: string): Promise<string> {
  const label = (text: string) => new TextEncoder().encode(text);
  const path = [label("subnet"), Principal.fromText(subnet).toUint8Array(), label("canister_ranges")];
  const status = await CanisterStatus.request({
    agent,
    canisterId: Principal.fromText(cyclesMinting),
    paths: [{ key: "ranges", path, decodeStrategy: "cbor" }],
  });
  const ranges = Ranges.safeParse(status.get("ranges"));
  if (!ranges.success) throw new TypedError("SUBNET_UNKNOWN", `the network has no subnet ${subnet}`);
  return Principal.fromUint8Array(ranges.data[0]![0]).toText();
}
