import { createHash } from "node:crypto";
import type { HttpAgent } from "@dfinity/agent";
import { storageClient } from "../canisters/storage-client.ts";
import type { LocalFile } from "../upload/local-file.ts";
import { upload } from "../upload/uploader.ts";

const uploadId = "domains";

/** What gateways read before they serve a domain from this canister: one domain a line. */
const domainsPath = "/.well-known/ic-domains";

/** Origins whose users Internet Identity gives the same principals as at the canister's own address. */
const originsPath = "/.well-known/ii-alternative-origins";

/** Internet Identity reads no longer list. */
export const maxDomains = 10;

/** The files that tell gateways and Internet Identity of the domains. */
export function domainFiles(domains: readonly string[]): LocalFile[] {
  const origins = { alternativeOrigins: domains.map((domain) => `https://${domain}`) };
  return [
    file(domainsPath, "text/plain; charset=utf-8", domains.map((domain) => `${domain}\n`).join("")),
    file(originsPath, "application/json", JSON.stringify(origins)),
  ];
}

function file(path: string, contentType: string, text: string): LocalFile {
  return {
    path,
    contentType,
    cacheControl: "public, max-age=60",
    source: { kind: "bytes", bytes: Buffer.from(text) },
  };
}

/** SHA-256 of both files, in hex: whether the canister has these domains. */
export function domainHashes(domains: readonly string[]): string[] {
  return domainFiles(domains).map(({ source }) =>
    source.kind === "bytes" ? createHash("sha256").update(source.bytes).digest("hex") : "",
  );
}

/** Of the files that the canister serves; a missing one has no hash. */
export async function publishedDomains(agent: HttpAgent, storage: string): Promise<string[]> {
  const client = storageClient({ agent, canisterId: storage });
  const found = await Promise.all([domainsPath, originsPath].map((path) => client.get(path)));
  return found.map((info) => (info === undefined ? "" : Buffer.from(info.sha256).toString("hex")));
}

/**
 * Serves the domains' files from the canister, in place of those of former domains.
 * @throws TypedError as `upload`; UNAUTHORIZED unless the agent's principal publishes
 */
export async function publishDomains(
  agent: HttpAgent,
  storage: string,
  domains: readonly string[],
): Promise<void> {
  const client = storageClient({ agent, canisterId: storage });
  const former = await client.uploadStatus(uploadId);
  const attempt = (former?.attempt ?? 0) + 1;
  await upload({ storage: client, uploadId, attempt, files: domainFiles(domains) });
}
