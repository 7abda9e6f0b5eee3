import { rm } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { createAgent } from "@kiln/client/network/agent";
import { isMainnet } from "@kiln/client/network/hosts";
import type { Command } from "commander";
import { z } from "zod";
import { inKilnHome } from "../../base/kiln-home.ts";
import { TypedError } from "../../base/typed-error.ts";
import { readSettings } from "../../config.ts";
import type { Payer } from "../../ic/deploy/create.ts";
import { type Journal, Replacement } from "../../ic/deploy/replace-code.ts";
import {
  type FoundCanisters,
  KilnCanisters,
  localDeploymentFile,
  readDeployment,
} from "../../ic/network/deployment.ts";
import { readIdentity } from "../../ic/network/identity.ts";
import { chooseRootKey, readRootKey } from "../../ic/network/root-key.ts";
import { IcSettings } from "../../ic/network/settings.ts";
import { readJson, writeJson } from "./json-file.ts";

/** A network that Kiln is or will be deployed to, and who does it. */
export type DeployTarget = {
  host: string;
  /** PEM file. */
  identity: string;
  agent: Awaited<ReturnType<typeof createAgent>>;
  payer: Payer;
  canisters: FoundCanisters;
  /** Where the deployment is described when it is whole (kiln.json). */
  file: string;
  /** Called after each creation: a canister that was paid for is found again. */
  remember(canisters: FoundCanisters): Promise<void>;
  /** The upgrade that a killed process was at, kept beside it. */
  journal: Journal;
  underWay: Replacement | undefined;
};

const mainnet = "https://icp-api.io";

const invalid =
  "does not describe canisters: correct it, it was written when cycles were paid or an upgrade was under way";

/** Options of commands. */
export type NetworkOptions = {
  /** `local` (the running kiln localnet), `ic`, or the URL of another network. */
  network: string;
  /** PEM file; the local network has one of its own. */
  identity?: string;
  rootKey?: string;
};

/** Adds these options to a command. */
export function networkOptions(command: Command): Command {
  return command
    .option("--network <network>", "local, ic, or the URL of a network", "local")
    .option(
      "--identity <pem>",
      "PEM file of the identity that deploys and controls the canisters (KILN_IDENTITY)",
    )
    .option(
      "--root-key <key>",
      "root key of another network: fetch, hexadecimal or a DER file (KILN_IC_ROOT_KEY)",
    );
}

/** @throws TypedError NETWORK_UNKNOWN, ROOT_KEY_UNKNOWN, and those of readIdentity and createAgent */
export async function deployTarget(options: NetworkOptions): Promise<DeployTarget> {
  const { network } = options;
  const settings = readSettings(IcSettings);
  const identity = options.identity ?? settings.KILN_IDENTITY;
  const local = network === "local" ? await readDeployment(localDeploymentFile()) : undefined;
  if (network === "local" && local === undefined)
    throw new TypedError("NETWORK_UNKNOWN", "no local network: start one with kiln localnet");
  const host = local?.host ?? (network === "ic" ? mainnet : network);
  if (!z.url({ protocol: /^https?$/ }).safeParse(host).success)
    throw new TypedError(
      "NETWORK_UNKNOWN",
      `${host} is not a network: give local, ic, or a URL like https://icp-api.io`,
    );
  const pem = identity ?? local?.identity;
  if (pem === undefined)
    throw new TypedError(
      "NETWORK_UNKNOWN",
      "no identity to deploy with: name a PEM file with --identity or KILN_IDENTITY",
    );
  const rootKey = await readRootKey(chooseRootKey(host, options.rootKey ?? settings.KILN_IC_ROOT_KEY));
  const agent = await createAgent({ host, identity: await readIdentity(pem), rootKey });
  const file = local ? localDeploymentFile() : inKilnHome(new URL(host).host.replace(":", "-"), "kiln.json");
  const created = join(dirname(file), "canisters.json");
  const upgrading = join(dirname(file), "upgrading.json");
  const canisters = {
    ...local?.canisters,
    ...(local ? {} : await readJson(created, KilnCanisters.partial(), invalid)),
  };
  return {
    host,
    identity: resolve(pem),
    agent,
    payer: isMainnet(host) ? "ledger" : "network",
    canisters,
    file,
    remember: (found) => writeJson(created, found),
    journal: (underWay) =>
      underWay === undefined ? rm(upgrading, { force: true }) : writeJson(upgrading, underWay),
    underWay: await readJson(upgrading, Replacement, invalid),
  };
}

/** One on which Kiln is whole. */
export type DeployedTarget = Omit<DeployTarget, "canisters"> & { canisters: KilnCanisters };

/** @throws TypedError NOT_DEPLOYED, and those of deployTarget */
export async function deployedTarget(options: NetworkOptions): Promise<DeployedTarget> {
  const target = await deployTarget(options);
  const parsed = KilnCanisters.safeParse(target.canisters);
  if (!parsed.success)
    throw new TypedError("NOT_DEPLOYED", `canisters of Kiln are missing on ${target.host}: run kiln deploy`);
  return { ...target, canisters: parsed.data };
}
