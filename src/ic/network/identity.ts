import { createPrivateKey, generateKeyPairSync, type KeyObject } from "node:crypto";
import { mkdir, readFile, stat, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import type { SignIdentity } from "@dfinity/agent";
import { Ed25519KeyIdentity } from "@dfinity/identity";
import { Secp256k1KeyIdentity } from "@dfinity/identity-secp256k1";
import { TypedError } from "../../base/typed-error.ts";

/** Permission bits of group and others. */
const others = 0o077;

/**
 * Loads an identity from a PEM file as icp and dfx export it: Ed25519 (PKCS#8) or secp256k1 (SEC1 or PKCS#8).
 * @throws TypedError IDENTITY_NOT_FOUND, IDENTITY_EXPOSED (the file is readable by others than its owner),
 *   IDENTITY_INVALID (no such key, or an encrypted one)
 */
export async function readIdentity(path: string): Promise<SignIdentity> {
  const { mode } = await stat(path).catch((cause: unknown) => {
    throw new TypedError(
      "IDENTITY_NOT_FOUND",
      `there is no identity file ${path}: name a PEM file with --identity or KILN_IDENTITY`,
      { cause },
    );
  });
  if ((mode & others) !== 0) {
    throw new TypedError(
      "IDENTITY_EXPOSED",
      `${path} can be read by other users of this machine: chmod 600 ${path}`,
    );
  }
  return parseIdentity(await readFile(path, "utf8"), path);
}

/**
 * Writes a new Ed25519 key into a PEM file (PKCS#8) that only its owner may read, and loads it.
 * @throws TypedError IDENTITY_EXISTS instead of ever replacing a key
 */
export async function createIdentity(path: string): Promise<SignIdentity> {
  const pem = generateKeyPairSync("ed25519").privateKey.export({ format: "pem", type: "pkcs8" }).toString();
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, pem, { mode: 0o600, flag: "wx" }).catch((cause: NodeJS.ErrnoException) => {
    if (cause.code !== "EEXIST") throw cause;
    throw new TypedError("IDENTITY_EXISTS", `${path} holds a key already: it is not replaced`, { cause });
  });
  return parseIdentity(pem, path);
}

/** An identity that lives as long as the process: for the local network. */
export function madeUpIdentity(): SignIdentity {
  return Ed25519KeyIdentity.generate();
}

/** @param name of the file, for error messages */
export function parseIdentity(pem: string, name: string): SignIdentity {
  const key = privateKey(pem, name);
  const secret = Buffer.from(key.export({ format: "jwk" }).d ?? "", "base64url");
  if (key.asymmetricKeyType === "ed25519") return Ed25519KeyIdentity.fromSecretKey(secret);
  if (key.asymmetricKeyDetails?.namedCurve === "secp256k1") return Secp256k1KeyIdentity.fromSecretKey(secret);
  throw new TypedError(
    "IDENTITY_INVALID",
    `${name} holds a key of type ${key.asymmetricKeyDetails?.namedCurve ?? key.asymmetricKeyType}: Ed25519 and secp256k1 are supported`,
  );
}

function privateKey(pem: string, name: string): KeyObject {
  if (pem.includes("ENCRYPTED"))
    throw new TypedError(
      "IDENTITY_INVALID",
      `${name} is encrypted: export it without a password (icp identity export)`,
    );
  try {
    return createPrivateKey(pem);
  } catch (cause) {
    throw new TypedError("IDENTITY_INVALID", `${name} holds no private key in PEM form`, { cause });
  }
}
