import { hash } from "node:crypto";
import { z } from "zod";
import { decodeCbor } from "../certification/cbor.ts";
import { findLeaf, parseTree, type ReceivedTree, reconstruct } from "../certification/received-tree.ts";
import { verifyCertificate } from "../certification/verify-certificate.ts";
import { wrappedKey } from "./der.ts";

/** SEQUENCE { OID 1.3.6.1.4.1.56387.1.2 } */
const algorithm = Buffer.from("300c060a2b0601040183b8430102", "hex");

/** "signatures in CBOR begin with the self-describing tag" */
const tag = Buffer.from("d9d9f7", "hex");

/** A public key whose owner is a canister: Internet Identity has one for each user and page. */
export interface CanisterKey {
  canisterId: Uint8Array;
  seed: Uint8Array;
}

const signatureSchema = z.object({
  certificate: z.instanceof(Uint8Array),
  tree: z.unknown().transform((value) => parseTree(value)),
});

/**
 * The canister that owns a public key in DER; undefined for keys of another kind.
 * @throws Error when it is malformed
 */
export function canisterKeyOf(der: Uint8Array): CanisterKey | undefined {
  const key = wrappedKey(der, algorithm);
  if (!key) return undefined;
  const length = key[0] ?? 0;
  if (length > 29 || key.length < 1 + length) throw new Error("the canister's key names no canister");
  return { canisterId: key.subarray(1, 1 + length), seed: key.subarray(1 + length) };
}

/**
 * Checks that a canister certifies its signature of the message with the seed of its key.
 * @param rootKey DER
 * @throws Error that explains why the signature is not valid
 * @source IC interface specification, "Canister signatures"
 */
export function checkCanisterSignature(
  { canisterId, seed }: CanisterKey,
  message: Uint8Array,
  signature: Uint8Array,
  rootKey: Uint8Array,
): void {
  const { certificate, tree } = parse(signature);
  const certified = findLeaf(verify(certificate, rootKey, canisterId), [
    "canister",
    canisterId,
    "certified_data",
  ]);
  if (!certified) throw invalid("the certificate does not show the canister's certified data");
  if (Buffer.compare(certified, reconstruct(tree)) !== 0) {
    throw invalid("certificate verification failed: the certified data is not the root hash of the tree");
  }
  const path = [hash("sha256", seed, "buffer"), hash("sha256", message, "buffer")];
  if (findLeaf(tree, ["sig", ...path])?.length === 0) return;
  const text = path.map((label) => label.toString("hex")).join("/");
  throw invalid(`the signature tree doesn't contain sig/${text} path`);
}

function parse(signature: Uint8Array): { certificate: Uint8Array; tree: ReceivedTree } {
  try {
    if (!Buffer.from(signature.subarray(0, tag.length)).equals(tag)) {
      throw new Error("signature CBOR doesn't have a self-describing tag");
    }
    return signatureSchema.parse(decodeCbor(signature));
  } catch (error) {
    const reason = error instanceof z.ZodError ? z.prettifyError(error) : (error as Error).message;
    throw new Error(`Malformed IcCanisterSignature signature: ${reason}`);
  }
}

/** The latest certificates found valid: an identity sends the same one with each request, and verifying takes 40 ms. */
const known = new Map<string, ReceivedTree>();
const mostKnown = 100;

function verify(certificate: Uint8Array, rootKey: Uint8Array, canisterId: Uint8Array): ReceivedTree {
  const key = hash("sha256", Buffer.concat([rootKey, canisterId, certificate]), "hex");
  const before = known.get(key);
  if (before) return before;
  try {
    const tree = verifyCertificate(certificate, rootKey, canisterId);
    known.set(key, tree);
    if (known.size > mostKnown) known.delete(known.keys().next().value!);
    return tree;
  } catch (error) {
    throw invalid(`certificate verification failed: ${(error as Error).message}`);
  }
}

function invalid(reason: string): Error {
  return new Error(`IcCanisterSignature signature could not be verified: ${reason}`);
}
