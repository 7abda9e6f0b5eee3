import {
  Cbor,
  Certificate,
  type HashTree,
  type HttpAgent,
  hashOfMap,
  LookupPathStatus,
  lookup_path,
  reconstruct,
} from "@dfinity/agent";
import { Principal } from "@dfinity/principal";
import type { VideoEntry } from "./indexed-video.ts";
import { TypedError } from "./typed-error.ts";

/** Proof that comes with videos, so that the node that answered need not be trusted. */
export type Proof = { certificate: Uint8Array | undefined; witness: Uint8Array };

/**
 * Checks that the subnet has certified these entries of the content index, or the absence of one.
 * @param options.agent whose clock determines the age of a certificate; absent: this device's clock
 * @param options.videos entries, or the ids of those that the index does not have
 * @throws TypedError CERTIFICATE_INVALID
 * @source IC interface specification, "Certification" and "Representation-independent hashing of structured data"
 */
export async function checkCertified(options: {
  canisterId: string;
  rootKey: Uint8Array;
  agent?: HttpAgent | undefined;
  proof: Proof;
  videos: readonly (VideoEntry | string)[];
}): Promise<void> {
  const { canisterId, videos } = options;
  const witness = await provenTree(options);
  for (const video of videos) {
    const id = typeof video === "string" ? video : video.id;
    const found = lookup_path(["video", id], witness);
    if (typeof video === "string") {
      if (found.status !== LookupPathStatus.Absent) throw invalid(canisterId, `the absence of ${id}`);
    } else if (found.status !== LookupPathStatus.Found || !same(found.value, hashOfEntry(video))) {
      throw invalid(canisterId, `the entry of ${id}`);
    }
  }
}

/** The witness, whose root hash the subnet has signed. */
async function provenTree({
  canisterId,
  rootKey,
  agent,
  proof,
}: Parameters<typeof checkCertified>[0]): Promise<HashTree> {
  if (proof.certificate === undefined) throw invalid(canisterId, "anything: there is no certificate");
  const principal = Principal.fromText(canisterId);
  let certificate: Certificate;
  try {
    certificate = await Certificate.create({
      certificate: proof.certificate,
      rootKey,
      canisterId: principal,
      ...(agent && { agent }),
    });
  } catch (cause) {
    throw invalid(canisterId, `anything: ${(cause as Error).message}`);
  }
  const tree = Cbor.decode<HashTree>(proof.witness);
  const signed = certificate.lookup_path(["canister", principal.toUint8Array(), "certified_data"]);
  if (signed.status !== LookupPathStatus.Found || !same(signed.value, await reconstruct(tree)))
    throw invalid(canisterId, "this witness");
  return tree;
}

/** What content_index certifies of an entry, see content_index.did. */
function hashOfEntry(video: VideoEntry): Uint8Array {
  const { id, attempt, owner, title, storage, player, hls, dash, poster, manifestSha256, status } = video;
  const texts = { id, owner, title, storage, player, hls, dash, poster, status };
  return hashOfMap({ ...texts, attempt, manifest_sha256: manifestSha256 });
}

function same(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, place) => byte === b[place]);
}

function invalid(canisterId: string, what: string): TypedError {
  return new TypedError(
    "CERTIFICATE_INVALID",
    `content index canister ${canisterId} has not certified ${what}: ask again, over another gateway`,
  );
}
