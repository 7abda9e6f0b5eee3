import assert from "node:assert/strict";
import { hash } from "node:crypto";
import { test } from "node:test";
import { Principal } from "@dfinity/principal";
import { encodeCbor } from "../../src/certification/cbor.ts";
import { Certifier, certificate, systemClock } from "../../src/certification/certifier.ts";
import { type HashTree, leaf, toArrays, treeOf } from "../../src/certification/hash-tree.ts";
import { type Keys, makeKeys } from "../../src/certification/keys.ts";
import { hashOfMap } from "../../src/certification/request-id.ts";
import { authenticate } from "../../src/http/authenticate.ts";
import { readEnvelope } from "../../src/http/envelope.ts";
import { inMemoryCanister, inMemoryReplica } from "../in-memory-replica.ts";
import { ed25519Signer, signedBody, signerOf } from "./envelope.ts";

/** A canister of each of two subnets signs; the network is the keys of the two and what they certify. */
const minute = 60_000_000_000n;
const seed = Buffer.from("a user at a page");
const [root, other] = [makeKeys(), makeKeys()];
const stranger = makeKeys();
const onRoot = Principal.fromText("rwlgt-iiaaa-aaaaa-aaaaa-cai").toUint8Array();
const onOther = Principal.fromText("5v3p4-iyaaa-aaaaa-qaaaa-cai").toUint8Array();

/** DER of a canister's key. */
function keyOf(canisterId: Uint8Array, ofSeed: Uint8Array = seed): Uint8Array {
  const key = Buffer.concat([Uint8Array.of(0, canisterId.length), canisterId, ofSeed]);
  const algorithm = Buffer.from("300c060a2b0601040183b8430102", "hex");
  const inner = Buffer.concat([algorithm, Uint8Array.of(3, key.length), key]);
  return new Uint8Array(Buffer.concat([Uint8Array.of(0x30, inner.length), inner]));
}

function treeFor(message: Uint8Array, ofSeed: Uint8Array = seed): HashTree {
  const messages = treeOf([[hash("sha256", message, "buffer"), leaf("")]]);
  return treeOf([["sig", treeOf([[hash("sha256", ofSeed, "buffer"), messages]])]]);
}

/** What a subnet certifies of a canister whose certified data is this digest. */
async function certify(all: Keys[], canisterId: Uint8Array, certifiedData: Uint8Array): Promise<Uint8Array> {
  const replica = inMemoryReplica([{ ...inMemoryCanister(1), id: canisterId, certifiedData }]);
  const rootCertifier = new Certifier({ all, index: 0 }, replica, systemClock);
  const certifier =
    canisterId === onRoot
      ? rootCertifier
      : new Certifier({ all, index: 1 }, replica, systemClock, rootCertifier);
  return certificate(await certifier.certify(), [["canister", canisterId, "certified_data"], ["time"]]);
}

interface Forgery {
  canisterId?: Uint8Array;
  /** Whose keys certify. */
  all?: Keys[];
  /** What the canister certifies, instead of the tree. */
  certified?: Uint8Array;
  signedSeed?: Uint8Array;
  signedMessage?: Uint8Array;
  encode?: (parts: { certificate: Uint8Array; tree: unknown }) => Uint8Array;
}

async function sign(message: Uint8Array, forgery: Forgery = {}): Promise<Uint8Array> {
  const { canisterId = onOther, all = [root, other], encode = encodeCbor } = forgery;
  const tree = treeFor(forgery.signedMessage ?? message, forgery.signedSeed);
  const certified = await certify(all, canisterId, forgery.certified ?? tree.digest);
  return encode({ certificate: certified, tree: toArrays(tree) });
}

const trust = { now: systemClock(), rootKey: root.publicKey };
const content = () => ({
  request_type: "call",
  canister_id: onRoot,
  method_name: "run",
  arg: new Uint8Array(),
  ingress_expiry: trust.now + minute,
});

/** The request of a session that a canister key delegates to. */
async function delegated(
  forgery: Forgery = {},
  key = keyOf(forgery.canisterId ?? onOther),
): Promise<Uint8Array> {
  const session = ed25519Signer();
  const delegation = { pubkey: session.publicKey, expiration: trust.now + minute };
  const message = Buffer.concat([
    Buffer.from("\x1aic-request-auth-delegation", "latin1"),
    hashOfMap(delegation),
  ]);
  const chain = [{ delegation, signature: await sign(message, forgery) }];
  return signedBody(signerOf(key, session.sign), content(), {}, chain);
}

const check = (body: Uint8Array) => authenticate(readEnvelope(body, "call"), trust);

test("a canister of the root subnet and one of another subnet delegate to a session", async () => {
  for (const canisterId of [onRoot, onOther]) {
    assert.ok(check(await delegated({ canisterId })).mayTarget(onRoot));
  }
});

test("a canister signs a request itself", async () => {
  const key = keyOf(onOther);
  const whole = { sender: Principal.selfAuthenticating(key).toUint8Array(), ...content() };
  const message = Buffer.concat([Buffer.from("\x0aic-request", "latin1"), hashOfMap(whole)]);
  const signature = await sign(message);
  assert.ok(
    check(
      signedBody(
        signerOf(key, () => signature),
        whole,
      ),
    ).mayTarget(onRoot),
  );
  await assert.rejects(
    async () =>
      check(
        signedBody(
          signerOf(key, () => signature),
          { ...whole, method_name: "other" },
        ),
      ),
    /Invalid signature: Invalid canister signature: .*doesn't contain sig/,
  );
});

/** Flips the last bit of the certificate's signature. */
function forged(bytes: Uint8Array): Uint8Array {
  const copy = Buffer.from(bytes);
  const at = copy.indexOf(Buffer.from("signature")) + "signature".length + 2 + 40;
  copy[at]! ^= 1;
  return new Uint8Array(copy);
}

const withoutTag = (parts: object) => encodeCbor(parts).slice(3);
const refusals: [why: string, forgery: Forgery, key: Uint8Array | undefined, message: RegExp][] = [
  [
    "another seed",
    {},
    keyOf(onOther, Buffer.from("another user")),
    /doesn't contain sig\/[0-9a-f]{64}\/[0-9a-f]{64} path/,
  ],
  ["a seed that was not signed for", { signedSeed: Buffer.from("x") }, undefined, /doesn't contain sig/],
  ["another message", { signedMessage: Buffer.from("x") }, undefined, /doesn't contain sig/],
  [
    "a tree that is not certified",
    { certified: new Uint8Array(32) },
    undefined,
    /is not the root hash of the tree/,
  ],
  ["another canister's certificate", {}, keyOf(onRoot), /canister ID out of range of the delegation/],
  [
    "the certificate of another network",
    { all: [stranger, other] },
    undefined,
    /failed to verify threshold signature/,
  ],
  [
    "the certificate of another network's root subnet",
    { all: [stranger, other], canisterId: onRoot },
    undefined,
    /failed to verify threshold signature/,
  ],
  [
    "a changed certificate",
    { encode: ({ certificate, tree }) => encodeCbor({ certificate: forged(certificate), tree }) },
    undefined,
    /certificate verification failed/,
  ],
  ["a signature without its tag", { encode: withoutTag }, undefined, /doesn't have a self-describing tag/],
  [
    "no certificate",
    { encode: ({ tree }) => encodeCbor({ tree }) },
    undefined,
    /Malformed IcCanisterSignature/,
  ],
  [
    "a tree that is none",
    { encode: ({ certificate }) => encodeCbor({ certificate, tree: [7] }) },
    undefined,
    /the hash tree is malformed/,
  ],
  ["a key that names no canister", {}, keyOf(new Uint8Array(40)), /Invalid public key: .*names no canister/],
];
for (const [why, forgery, key, message] of refusals) {
  test(`a canister's signature is refused: ${why}`, async () => {
    const body = await delegated(forgery, key);
    assert.throws(() => check(body), { name: "HttpRefusal", status: 400, message });
    assert.throws(() => check(body), {
      message: /^Failed to authenticate request [0-9a-f]{64} due to: Invalid /,
    });
  });
}
