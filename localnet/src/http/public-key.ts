import { createPublicKey, hash, type KeyObject, verify } from "node:crypto";
import { decode } from "cborg";
import { z } from "zod";
import { decodeCbor } from "../certification/cbor.ts";
import { wrappedKey } from "./der.ts";

/** Whether the key's owner made a signature of a message. */
export type Verifier = (message: Uint8Array, signature: Uint8Array) => boolean;

/**
 * The verifier for a public key in DER: Ed25519, ECDSA on P-256 or secp256k1, or a COSE key of WebAuthn.
 * @source IC interface specification, "Signatures"
 * @throws Error when the key is malformed or of another kind
 */
export function verifierOf(der: Uint8Array): Verifier {
  const bytes = Buffer.from(der);
  const cose = coseKeyOf(bytes);
  if (cose) return webAuthnVerifier(cose);
  const key = createPublicKey({ key: bytes, format: "der", type: "spki" });
  if (!key.export({ type: "spki", format: "der" }).equals(bytes))
    throw new Error("the key is not in canonical DER");
  const curve = key.asymmetricKeyDetails?.namedCurve;
  if (key.asymmetricKeyType === "ed25519")
    return (message, signature) => verify(null, message, key, signature);
  if (key.asymmetricKeyType === "ec" && (curve === "prime256v1" || curve === "secp256k1")) {
    return (message, signature) => verify("sha256", message, { key, dsaEncoding: "ieee-p1363" }, signature);
  }
  throw new Error(`keys of type ${curve ?? key.asymmetricKeyType} are not supported`);
}

/** SEQUENCE { OID 1.3.6.1.4.1.56387.1.1 } */
const coseAlgorithm = Buffer.from("300c060a2b0601040183b8430101", "hex");

function coseKeyOf(der: Uint8Array): KeyObject | undefined {
  const key = wrappedKey(der, coseAlgorithm);
  return key && keyFromCose(decode(key, { useMaps: true }));
}

/** @source RFC 9053, sections 2.1 and 7.1 (EC2, ES256); RFC 8812, section 2 (RSA, RS256) */
function keyFromCose(cose: unknown): KeyObject {
  const field = (label: number) => (cose instanceof Map ? cose.get(label) : undefined);
  const coordinate = (label: number) =>
    Buffer.from(z.instanceof(Uint8Array).parse(field(label))).toString("base64url");
  if (field(1) === 2 && field(3) === -7 && field(-1) === 1) {
    const jwk = { kty: "EC", crv: "P-256", x: coordinate(-2), y: coordinate(-3) };
    return createPublicKey({ key: jwk, format: "jwk" });
  }
  if (field(1) === 3 && field(3) === -257) {
    return createPublicKey({ key: { kty: "RSA", n: coordinate(-1), e: coordinate(-2) }, format: "jwk" });
  }
  throw new Error("of COSE keys only ES256 and RS256 are supported");
}

const webAuthnSchema = z.object({
  authenticator_data: z.instanceof(Uint8Array),
  client_data_json: z.string(),
  signature: z.instanceof(Uint8Array),
});
const clientDataSchema = z.object({ type: z.literal("webauthn.get"), challenge: z.string() });

/** The authenticator signs its own data, in which the message is the challenge. */
function webAuthnVerifier(key: KeyObject): Verifier {
  return (message, signature) => {
    const parts = webAuthnSchema.parse(decodeCbor(signature));
    const { challenge } = clientDataSchema.parse(JSON.parse(parts.client_data_json));
    if (challenge !== Buffer.from(message).toString("base64url")) return false;
    const signed = Buffer.concat([
      parts.authenticator_data,
      hash("sha256", parts.client_data_json, "buffer"),
    ]);
    return verify("sha256", signed, key, parts.signature);
  };
}
