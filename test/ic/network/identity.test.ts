import assert from "node:assert/strict";
import { generateKeyPairSync, type KeyObject } from "node:crypto";
import { chmod, mkdtemp, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { Ed25519KeyIdentity } from "@dfinity/identity";
import { Secp256k1KeyIdentity } from "@dfinity/identity-secp256k1";
import { createIdentity, madeUpIdentity, readIdentity } from "../../../src/ic/network/identity.ts";

const folder = await mkdtemp(join(tmpdir(), "kiln-identity-"));
after(() => rm(folder, { recursive: true }));

async function pemFile(name: string, pem: string | Buffer): Promise<string> {
  const file = join(folder, name);
  await writeFile(file, pem, { mode: 0o600 });
  return file;
}

const secret = (key: KeyObject) => Buffer.from(key.export({ format: "jwk" }).d!, "base64url");
const ed25519 = generateKeyPairSync("ed25519").privateKey;
const secp256k1 = generateKeyPairSync("ec", { namedCurve: "secp256k1" }).privateKey;
const sec1 = secp256k1.export({ format: "pem", type: "sec1" }).toString();
/** dfx writes the curve's name before the key. */
const parameters = "-----BEGIN EC PARAMETERS-----\nBgUrgQQACg==\n-----END EC PARAMETERS-----\n";

/** The form with the public key in it (RFC 5958, version 2), as the Rust library ring writes it. */
function withPublicKey(key: KeyObject): string {
  const publicKey = Buffer.from(key.export({ format: "jwk" }).x!, "base64url");
  const der = Buffer.concat([
    Buffer.from("3053020101300506032b657004220420", "hex"),
    secret(key),
    Buffer.from("a123032100", "hex"),
    publicKey,
  ]);
  return `-----BEGIN PRIVATE KEY-----\n${der.toString("base64")}\n-----END PRIVATE KEY-----\n`;
}

const ed25519Principal = Ed25519KeyIdentity.fromSecretKey(secret(ed25519)).getPrincipal().toText();
const secp256k1Principal = Secp256k1KeyIdentity.fromSecretKey(secret(secp256k1)).getPrincipal().toText();

const readable: [name: string, pem: string | Buffer, principal: string][] = [
  ["Ed25519 PKCS#8", ed25519.export({ format: "pem", type: "pkcs8" }), ed25519Principal],
  ["Ed25519 PKCS#8 version 2", withPublicKey(ed25519), ed25519Principal],
  ["secp256k1 SEC1", sec1, secp256k1Principal],
  ["secp256k1 SEC1 after its parameters", parameters + sec1, secp256k1Principal],
  ["secp256k1 PKCS#8", secp256k1.export({ format: "pem", type: "pkcs8" }), secp256k1Principal],
];

for (const [name, pem, principal] of readable) {
  test(`identity: reads ${name}`, async () => {
    const identity = await readIdentity(await pemFile(`${name}.pem`, pem));
    assert.equal(identity.getPrincipal().toText(), principal);
  });
}

const p256 = generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey;
const encrypted = { format: "pem", type: "pkcs8", cipher: "aes-256-cbc", passphrase: "secret" } as const;

const unreadable: [name: string, pem: string | Buffer, message: RegExp][] = [
  ["a key of another kind", p256.export({ format: "pem", type: "pkcs8" }), /type prime256v1: Ed25519/],
  ["an encrypted key", ed25519.export(encrypted), /is encrypted/],
  ["no key", "hello", /holds no private key/],
];

for (const [name, pem, message] of unreadable) {
  test(`identity: refuses ${name}`, async () => {
    await assert.rejects(readIdentity(await pemFile(`${name}.pem`, pem)), {
      code: "IDENTITY_INVALID",
      message,
    });
  });
}

test("identity: a file that others can read is refused with the command that fixes it", async () => {
  const file = await pemFile("open.pem", sec1);
  await chmod(file, 0o640);
  await assert.rejects(readIdentity(file), {
    code: "IDENTITY_EXPOSED",
    message: new RegExp(`chmod 600 ${file}`),
  });
});

test("identity: a missing file is named", async () => {
  await assert.rejects(readIdentity(join(folder, "none.pem")), { code: "IDENTITY_NOT_FOUND" });
});

test("identity: a new one is readable only by its owner and never overwrites another", async () => {
  const file = join(folder, "deep", "new.pem");
  const created = await createIdentity(file);
  assert.equal((await stat(file)).mode & 0o777, 0o600);
  assert.equal((await readIdentity(file)).getPrincipal().toText(), created.getPrincipal().toText());
  await assert.rejects(createIdentity(file), { code: "IDENTITY_EXISTS" });
});

test("identity: generated ones differ", () => {
  assert.notEqual(madeUpIdentity().getPrincipal().toText(), madeUpIdentity().getPrincipal().toText());
});
