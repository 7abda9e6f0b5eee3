import { bls12_381 } from "@noble/curves/bls12-381";
import { z } from "zod";
import { decodeCbor } from "./cbor.ts";
import { compare } from "./hash-tree.ts";
import { blsDerPrefix } from "./keys.ts";
import { children, find, findLeaf, parseTree, type ReceivedTree, reconstruct } from "./received-tree.ts";

const bytes = z.custom<Uint8Array>((value) => value instanceof Uint8Array, "expected a byte string");
const certificateSchema = z.object({
  tree: z.unknown().transform((value) => parseTree(value)),
  signature: bytes,
  delegation: z.object({ subnet_id: bytes, certificate: bytes }).optional(),
});

const { shortSignatures } = bls12_381;

type Message = ReturnType<typeof shortSignatures.hash>;
type Certificate = z.output<typeof certificateSchema>;

const rangesSchema = z.array(z.tuple([bytes, bytes]));

/**
 * Checks a certificate about a canister, whatever its age.
 * @param rootKey DER, of the root subnet
 * @returns its tree
 * @throws Error that explains why the certificate is not valid
 * @source IC interface specification, "Certificate" and "Delegation"
 */
export function verifyCertificate(
  cbor: Uint8Array,
  rootKey: Uint8Array,
  canisterId: Uint8Array,
): ReceivedTree {
  const certificate = parse(cbor);
  const { delegation } = certificate;
  checkSignature(certificate, delegation ? subnetKey(delegation, rootKey, canisterId) : rootKey);
  return certificate.tree;
}

/** The key of the subnet to which the root subnet delegates the canister. */
function subnetKey(
  { subnet_id: subnetId, certificate }: NonNullable<Certificate["delegation"]>,
  rootKey: Uint8Array,
  canisterId: Uint8Array,
): Uint8Array {
  const root = parse(certificate);
  if (root.delegation) throw new Error("multiple subnet delegations are not allowed");
  checkSignature(root, rootKey);
  const key = findLeaf(root.tree, ["subnet", subnetId, "public_key"]);
  if (!key) throw new Error("the delegation does not show the subnet's public key");
  const isOwn = rangesOf(root.tree, subnetId).some(
    ([first, last]) => compare(first, canisterId) <= 0 && compare(canisterId, last) <= 0,
  );
  if (!isOwn) throw new Error("canister ID out of range of the delegation");
  return key;
}

/** The ranges in both of their layouts. */
function rangesOf(tree: ReceivedTree, subnetId: Uint8Array): [Uint8Array, Uint8Array][] {
  const shards = children(find(tree, ["canister_ranges", subnetId]) ?? [0]).map(([, shard]) => shard);
  const leaves = [find(tree, ["subnet", subnetId, "canister_ranges"]), ...shards];
  return leaves.flatMap((leaf) => (leaf?.[0] === 3 ? rangesSchema.parse(decodeCbor(leaf[1])) : []));
}

function parse(cbor: Uint8Array): Certificate {
  try {
    return certificateSchema.parse(decodeCbor(cbor));
  } catch (error) {
    const reason = error instanceof z.ZodError ? z.prettifyError(error) : (error as Error).message;
    throw new Error(`failed to deserialize certificate: ${reason}`);
  }
}

function checkSignature({ tree, signature }: Certificate, key: Uint8Array): void {
  if (!Buffer.from(key.subarray(0, blsDerPrefix.length)).equals(blsDerPrefix)) {
    throw new Error("the subnet's key is no BLS12-381 key in DER");
  }
  const message = Buffer.concat([Buffer.from("\x0dic-state-root", "latin1"), reconstruct(tree)]);
  const point = shortSignatures.hash(message);
  if (isSignature(signature, point, key.subarray(blsDerPrefix.length))) return;
  throw new Error("failed to verify threshold signature");
}

function isSignature(signature: Uint8Array, point: Message, key: Uint8Array): boolean {
  try {
    return shortSignatures.verify(signature, point, key);
  } catch {
    // Bytes that are no point of the curve are no signature.
    return false;
  }
}
