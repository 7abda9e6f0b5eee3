import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject } from "node:crypto";
import { readFile, rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Principal } from "@dfinity/principal";
import { bls12_381 } from "@noble/curves/bls12-381";
import { z } from "zod";
import { LocalnetError } from "../localnet-error.ts";
import { blsPublicKey } from "./bls-key.ts";

/** A subnet's two keys: the subnet's own signs certificates, its one node's signs answers to queries. */
export interface Keys {
  /** BLS12-381 scalar, 32 bytes. */
  secret: Uint8Array;
  /** DER, 133 bytes. That of the root subnet is what clients call the root key. */
  publicKey: Uint8Array;
  /** The self-authenticating principal of the subnet's key. */
  subnetId: Uint8Array;
  nodeSecret: KeyObject;
  /** DER, 44 bytes. */
  nodeKey: Uint8Array;
  nodeId: Uint8Array;
}

const hex = z.codec(
  z.hex(),
  z.custom<Uint8Array>((value) => value instanceof Uint8Array),
  {
    decode: (text) => new Uint8Array(Buffer.from(text, "hex")),
    encode: (bytes) => Buffer.from(bytes).toString("hex"),
  },
);
const subnetSchema = z.object({ secret: hex, nodeSecret: hex });
const keyFileSchema = z.object({ version: z.literal(2), subnets: z.array(subnetSchema).min(1) });
/** The format when networks had one subnet. */
const formerSchema = z.object({ version: z.literal(1), rootSecret: hex, nodeSecret: hex });

/** @source IC interface specification, "Certificate": DER wrapping of BLS public keys */
export const blsDerPrefix = Buffer.from(
  "308182301d060d2b0601040182dc7c0503010201060c2b0601040182dc7c05030201036100",
  "hex",
);

export function makeKeys(): Keys {
  const { privateKey } = generateKeyPairSync("ed25519");
  return keysOf(bls12_381.utils.randomSecretKey(), privateKey);
}

/**
 * The keys of all subnets, the root subnet's first, kept in a state folder. Missing keys are created and written
 * (mode 0600). A network that had more subnets than `count` keeps them.
 * @throws LocalnetError STATE_UNREADABLE when there is a key file that cannot be read
 */
export async function keysOfFolder(folder: string, count = 1): Promise<Keys[]> {
  const path = join(folder, "keys.json");
  const text = await readFile(path, "utf8").catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return undefined;
    throw unreadable(path, error);
  });
  const kept = text === undefined ? [] : parseKeys(path, text);
  if (kept.length >= count) return kept;
  const all = [...kept, ...Array.from({ length: count - kept.length }, makeKeys)];
  const subnets = all.map(({ secret, nodeSecret }) => ({
    secret,
    nodeSecret: new Uint8Array(nodeSecret.export({ type: "pkcs8", format: "der" })),
  }));
  const content = keyFileSchema.encode({ version: 2, subnets });
  await writeFile(`${path}.new`, JSON.stringify(content), { mode: 0o600, flush: true });
  await rename(`${path}.new`, path);
  return all;
}

function parseKeys(path: string, text: string): Keys[] {
  try {
    const json = JSON.parse(text);
    const former = formerSchema.safeParse(json).data;
    const subnets = former
      ? [{ secret: former.rootSecret, nodeSecret: former.nodeSecret }]
      : keyFileSchema.parse(json).subnets;
    return subnets.map(({ secret, nodeSecret }) =>
      keysOf(secret, createPrivateKey({ key: Buffer.from(nodeSecret), format: "der", type: "pkcs8" })),
    );
  } catch (error) {
    throw unreadable(path, error);
  }
}

function keysOf(secret: Uint8Array, nodeSecret: KeyObject): Keys {
  const publicKey = new Uint8Array(Buffer.concat([blsDerPrefix, blsPublicKey(secret)]));
  const nodeKey = new Uint8Array(createPublicKey(nodeSecret).export({ type: "spki", format: "der" }));
  return {
    secret,
    publicKey,
    subnetId: Principal.selfAuthenticating(publicKey).toUint8Array(),
    nodeSecret,
    nodeKey,
    nodeId: Principal.selfAuthenticating(nodeKey).toUint8Array(),
  };
}

function unreadable(path: string, cause: unknown): LocalnetError {
  const message = `${path} cannot be read: give another state folder, or delete this one to start anew`;
  return new LocalnetError("STATE_UNREADABLE", message, { cause });
}
