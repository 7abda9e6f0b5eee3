import assert from "node:assert/strict";
import { test } from "node:test";
import { bls12_381 } from "@noble/curves/bls12-381";
import { blsPublicKey, blsSign } from "../../src/certification/bls-key.ts";

const { shortSignatures } = bls12_381;

for (const [name, secret] of Object.entries({
  random: bls12_381.utils.randomSecretKey(),
  smallest: new Uint8Array(32).fill(1, 31),
})) {
  test(`keys and signatures are those of noble's slower, constant-time implementation: ${name} secret`, () => {
    const message = Buffer.from("a state root");
    assert.deepEqual(blsPublicKey(secret), shortSignatures.getPublicKey(secret).toBytes());
    const signature = shortSignatures.sign(shortSignatures.hash(message), secret);
    assert.deepEqual(blsSign(message, secret), shortSignatures.Signature.toBytes(signature));
  });
}
