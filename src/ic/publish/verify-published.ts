import { createHash } from "node:crypto";
import { gatewayUrl } from "@kiln/client/network/gateway-url";
import type { UploadedFile } from "../upload/uploader.ts";

/** A file that differs from what was sent, and why. */
export type Difference = { path: string; why: string };

/**
 * Fetches published files back over HTTP, as a viewer does, and compares their SHA-256.
 * @param options.gatewayUrl URL of the network, whose HTTP gateway answers
 * @returns the files that differ
 */
export async function verifyPublished(options: {
  gatewayUrl: string;
  canisterId: string;
  files: readonly UploadedFile[];
  signal?: AbortSignal | undefined;
}): Promise<Difference[]> {
  const differences: Difference[] = [];
  for (const file of options.files) {
    const url = gatewayUrl(options.gatewayUrl, options.canisterId, file.path);
    const why = await difference(url, file.sha256, options.signal);
    if (why !== undefined) differences.push({ path: file.path, why });
  }
  return differences;
}

async function difference(
  url: string,
  expected: string,
  signal: AbortSignal | undefined,
): Promise<string | undefined> {
  try {
    const response = await fetch(url, signal === undefined ? {} : { signal });
    const hash = createHash("sha256");
    for await (const bytes of response.body ?? []) hash.update(bytes);
    if (!response.ok) return `HTTP status ${response.status}`;
    const actual = hash.digest("hex");
    return actual === expected ? undefined : `SHA-256 ${actual} instead of ${expected}`;
  } catch (error) {
    signal?.throwIfAborted();
    const cause = (error as Error).cause;
    return `no answer: ${cause instanceof Error ? cause.message : (error as Error).message}`;
  }
}
