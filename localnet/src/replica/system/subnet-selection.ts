import { IDL } from "@dfinity/candid";
import type { Principal } from "@dfinity/principal";
import type { Opt } from "../management/interface.ts";
import type { SubnetList } from "../subnet-list.ts";

/** How callers of the cycles minting canister and the cycles ledger choose a subnet. @source their cmc.did */
export const subnetSelection = IDL.Variant({
  Subnet: IDL.Record({ subnet: IDL.Principal }),
  Filter: IDL.Record({ subnet_type: IDL.Opt(IDL.Text) }),
});

export type SubnetSelection = { Subnet: { subnet: Principal } } | { Filter: { subnet_type: Opt<string> } };

/** Subnets on which all users may create canisters: all but the root subnet, if there are others. */
export function applicationSubnets({ ids }: SubnetList): number[] {
  const all = ids.map((_, index) => index);
  return all.length > 1 ? all.slice(1) : all;
}

/** The only named type of subnet here. */
export const subnetTypes = ["fiduciary"] as const;

/** The index of the selected subnet, or what is wrong with the selection. */
export type Selector = (selection: SubnetSelection | undefined) => number | string;

/** Rotates through the subnets when a selection names none. */
export function subnetSelector(subnets: SubnetList): Selector {
  let turn = 0;
  return (selection) => selected(subnets, selection, () => turn++);
}

function selected(subnets: SubnetList, selection: SubnetSelection | undefined, turn: () => number) {
  if (selection && "Subnet" in selection) {
    const { subnet } = selection.Subnet;
    return subnets.find(subnet.toUint8Array()) ?? `Subnet ${subnet.toText()} does not exist`;
  }
  const type = selection?.Filter.subnet_type[0];
  if (type !== undefined && !subnetTypes.includes(type as never)) {
    return `Provided subnet type ${type} does not exist`;
  }
  const open = applicationSubnets(subnets);
  return open[turn() % open.length]!;
}
