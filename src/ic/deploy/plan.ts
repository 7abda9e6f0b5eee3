import { isDeepStrictEqual } from "node:util";
import { type DeployedCanister, deployedCanisters } from "../../base/canister-names.ts";
import type { UserIndexSettings } from "../canisters/user-index-client.ts";
import { domainHashes } from "./domains.ts";
import { type Place, placeOf, type Subnets } from "./place.ts";
import type { Replacement } from "./replace-code.ts";

/** What is deployed on a network. Hashes are SHA-256 in hex. */
export type Observed = {
  canisters: {
    [name in DeployedCanister]?: { id: string; moduleHash: string | undefined; stopped: boolean };
  };
  /** Storage canisters other than the first, from the directory. */
  buckets: { id: string; moduleHash: string }[];
  /** The upgrade that a killed process left unfinished. */
  underWay?: Replacement | undefined;
  /** Canisters in the project's directory. */
  registered: ReadonlySet<string>;
  /** Canisters that user_index funds. */
  watched: ReadonlySet<string>;
  deployerPublishes: boolean;
  /** Of user_index; absent while it is not installed. */
  settings: UserIndexSettings | undefined;
  /** The module that user canisters run or are being upgraded to. */
  userModule: string | undefined;
  /** Hashes of the files about domains that storage serves. */
  domains: readonly string[];
};

/** Settings of user_index; those that are absent stay unchanged. */
export type WantedSettings = Partial<Omit<UserIndexSettings, "funding">> & {
  funding?: Partial<UserIndexSettings["funding"]>;
};

/** The desired state. */
export type Desired = {
  modules: Record<DeployedCanister | "user", string>;
  settings: WantedSettings;
  /** Cycles for every new canister; user_index gets three times as many. */
  cycles: bigint;
  subnets: Subnets;
  /** Where storage is served beside its own address; undefined: as it is. */
  domains?: readonly string[] | undefined;
};

export type Step =
  | { do: "settle"; canister: DeployedCanister; underWay: Replacement }
  | { do: "start"; canister: DeployedCanister }
  | { do: "create"; canister: DeployedCanister; cycles: bigint; place: Place }
  | { do: "install"; canister: DeployedCanister; to: string }
  /** @param bucket id of a storage canister other than the first */
  | { do: "upgrade"; canister: DeployedCanister; bucket?: string; from: string; to: string }
  | { do: "publish"; who: "deployer" }
  | { do: "register"; canister: DeployedCanister }
  | { do: "fund"; canister: DeployedCanister }
  | { do: "configure"; settings: WantedSettings }
  | { do: "serve domains"; domains: readonly string[] }
  | { do: "roll out"; from: string | undefined; to: string };

/**
 * Steps that restart canisters which a killed process left stopped. They come before planning, because a stopped
 * canister cannot be queried.
 */
export function recoverySteps({ canisters, underWay }: Observed): Step[] {
  return deployedCanisters.flatMap((canister): Step[] => {
    const { id, stopped = false } = canisters[canister] ?? {};
    if (underWay !== undefined && underWay.canister === id) return [{ do: "settle", canister, underWay }];
    return stopped ? [{ do: "start", canister }] : [];
  });
}

/**
 * The steps to the desired state, in order; none if it has been reached. After an interruption, observe and plan
 * again to continue.
 */
export function plan(observed: Observed, desired: Desired): Step[] {
  const { modules, settings, cycles, subnets, domains } = desired;
  const { userModule } = observed;
  const found = (canister: DeployedCanister) => observed.canisters[canister];
  const code = deployedCanisters.flatMap((canister): Step[] => {
    const from = found(canister)?.moduleHash;
    const to = modules[canister];
    if (from === undefined) return [{ do: "install", canister, to }];
    return from === to ? [] : [{ do: "upgrade", canister, from, to }];
  });
  const without = (ids: ReadonlySet<string>) =>
    deployedCanisters.filter((name) => !ids.has(found(name)?.id ?? ""));
  return [
    ...deployedCanisters
      .filter((canister) => found(canister) === undefined)
      .map(
        (canister): Step => ({
          do: "create",
          canister,
          cycles: cyclesOf(canister, cycles),
          place: placeOf(canister, subnets),
        }),
      ),
    ...code,
    ...observed.buckets
      .filter(({ moduleHash }) => moduleHash !== modules.storage)
      .map(({ id, moduleHash: from }): Step => {
        return { do: "upgrade", canister: "storage", bucket: id, from, to: modules.storage };
      }),
    ...(observed.deployerPublishes ? [] : [{ do: "publish", who: "deployer" } as const]),
    ...without(observed.registered).map((canister): Step => ({ do: "register", canister })),
    ...without(observed.watched)
      .filter((canister) => canister !== "user_index")
      .map((canister): Step => ({ do: "fund", canister })),
    ...(fits(observed.settings, settings) ? [] : [{ do: "configure", settings } as const]),
    ...(domains === undefined || isDeepStrictEqual(domainHashes(domains), observed.domains)
      ? []
      : [{ do: "serve domains", domains } as const]),
    ...(userModule === modules.user ? [] : [{ do: "roll out", from: userModule, to: modules.user } as const]),
  ];
}

/** user_index pays for user canisters: with as much as the others get, it would have nothing above its reserve. */
function cyclesOf(canister: DeployedCanister, cycles: bigint): bigint {
  return canister === "user_index" ? 3n * cycles : cycles;
}

/** The current settings, overridden by the desired ones. */
export function settled(present: UserIndexSettings, wanted: WantedSettings): UserIndexSettings {
  return { ...present, ...wanted, funding: { ...present.funding, ...wanted.funding } };
}

function fits(present: UserIndexSettings | undefined, wanted: WantedSettings): boolean {
  return present !== undefined && isDeepStrictEqual(settled(present, wanted), present);
}

/** Cycles that a plan costs the deployer. */
export function cost(steps: readonly Step[]): bigint {
  return steps.reduce((sum, step) => sum + (step.do === "create" ? step.cycles : 0n), 0n);
}

/** A step in words. */
export function describe(step: Step): string {
  switch (step.do) {
    case "settle":
      return `end the upgrade of ${step.canister} that broke off: check it; back to its snapshot if the check fails`;
    case "start":
      return `start ${step.canister}, which stands still`;
    case "create":
      return `create ${step.canister} with ${trillions(step.cycles)} of cycles${where(step.place)}`;
    case "install":
      return `install ${step.canister} ${short(step.to)}`;
    case "upgrade":
      return `upgrade ${step.canister}${step.bucket === undefined ? "" : ` ${step.bucket}`} from ${short(step.from)} to ${short(step.to)}: stop, snapshot, upgrade, check; back to the snapshot if the check fails`;
    case "publish":
      return "let this identity publish videos";
    case "register":
      return `register ${step.canister} as a canister of the project`;
    case "fund":
      return `let user_index top up ${step.canister}`;
    case "configure":
      return `set user_index: ${settingsInWords(step.settings).join(", ")}`;
    case "serve domains":
      return `serve ${step.domains.join(", ")} from storage: ic-domains and ii-alternative-origins`;
    case "roll out":
      return `roll out the user canisters' module ${short(step.to)}: each after its backup, with a snapshot, back to it if its check fails`;
  }
}

function where(place: Place): string {
  if (typeof place === "object") return ` on subnet ${place.on}`;
  return {
    anywhere: "",
    together: " beside global_configuration",
    apart: " on another subnet than the rest",
  }[place];
}

function settingsInWords({ funding = {}, ...others }: WantedSettings): string[] {
  const cycles = Object.entries(funding).map(([name, value]) => `${name} = ${trillions(value)}`);
  return [...Object.entries(others).map(([name, value]) => `${name} = ${value}`), ...cycles];
}

function short(hash: string): string {
  return hash.slice(0, 12);
}

function trillions(cycles: bigint): string {
  return `${Number(cycles / 1_000_000_000n) / 1000} T`;
}
