import { mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import type { z } from "zod";
import { createAgent, isLoopback, isMainnet } from "../ic/agent.ts";
import type { Payer } from "../ic/deploy/apply.ts";
import { type Journal, Replacement } from "../ic/deploy/replace-code.ts";
import { type FoundCanisters, KilnCanisters, localDeploymentFile, readDeployment } from "../ic/deployment.ts";
import { readIdentity } from "../ic/identity.ts";
import { TypedError } from "../telemetry/typed-error.ts";

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

/**
 * @param network `local` (the running kiln localnet), `ic`, or the URL of another network
 * @param identity PEM file; the local network has one of its own
 * @throws TypedError NETWORK_UNKNOWN, and those of readIdentity and createAgent
 */
export async function deployTarget(network: string, identity: string | undefined): Promise<DeployTarget> {
  const local = network === "local" ? await readDeployment(localDeploymentFile) : undefined;
  if (network === "local" && local === undefined)
    throw new TypedError("NETWORK_UNKNOWN", "no local network: start one with kiln localnet");
  const host = local?.host ?? (network === "ic" ? mainnet : network);
  const pem = identity ?? local?.identity;
  if (pem === undefined)
    throw new TypedError("NETWORK_UNKNOWN", "who deploys? Name a PEM file with --identity or KILN_IDENTITY");
  const rootKey = { from: isLoopback(host) ? "host" : "mainnet" } as const;
  const agent = await createAgent({ host, identity: await readIdentity(pem), rootKey });
  const file = local ? localDeploymentFile : join(".kiln", new URL(host).hostname, "kiln.json");
  const created = join(dirname(file), "canisters.json");
  const upgrading = join(dirname(file), "upgrading.json");
  const canisters = { ...local?.canisters, ...(local ? {} : await read(created, KilnCanisters.partial())) };
  return {
    host,
    identity: resolve(pem),
    agent,
    payer: isMainnet(host) ? "ledger" : "network",
    canisters,
    file,
    remember: (found) => write(created, found),
    journal: (underWay) =>
      underWay === undefined ? rm(upgrading, { force: true }) : write(upgrading, underWay),
    underWay: await read(upgrading, Replacement),
  };
}

/** @returns undefined when there is no such file */
async function read<Schema extends z.ZodType>(file: string, schema: Schema) {
  const text = await readFile(file, "utf8").catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return undefined;
    throw error;
  });
  if (text === undefined) return undefined;
  const parsed = schema.safeParse(json(text));
  if (parsed.success) return parsed.data;
  throw new TypedError(
    "DEPLOYMENT_INVALID",
    `${file} says nothing of canisters: mend it, it was written when cycles were paid or an upgrade was under way`,
  );
}

function json(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Written aside and renamed: a killed process leaves the former or the new one, never a part. */
async function write(file: string, content: unknown): Promise<void> {
  await mkdir(dirname(file), { recursive: true });
  const aside = `${file}.${process.pid}`;
  await writeFile(aside, `${JSON.stringify(content, undefined, 2)}\n`);
  await rename(aside, file);
}
