import { z } from "zod";
import { decodeCbor } from "../certification/cbor.ts";
import { type Hashable, hashOfMap } from "../certification/request-id.ts";
import { HttpRefusal } from "./refusal.ts";

const bytes = z.custom<Uint8Array>((value) => value instanceof Uint8Array, "expected a byte string");
const principal = bytes.refine((id) => id.length <= 29, "a principal has at most 29 bytes");
const nat64 = z
  .union([z.int().nonnegative(), z.bigint().nonnegative()])
  .transform((value) => BigInt(value))
  .refine((value) => value < 1n << 64n, "expected a 64-bit number");

const common = {
  sender: principal,
  /** Nanoseconds since 1970. */
  ingress_expiry: nat64,
  nonce: bytes.refine((nonce) => nonce.length <= 32, "a nonce has at most 32 bytes").optional(),
};
const message = { ...common, canister_id: principal, method_name: z.string(), arg: bytes };
const contentSchemas = {
  call: z.object({ request_type: z.literal("call"), ...message }),
  query: z.object({ request_type: z.literal("query"), ...message }),
  read_state: z.object({ request_type: z.literal("read_state"), ...common, paths: z.array(z.array(bytes)) }),
};

const delegationSchema = z.object({
  pubkey: bytes,
  /** Nanoseconds since 1970. */
  expiration: nat64,
  targets: z.array(principal).max(1000, "a delegation names at most 1000 targets").optional(),
  permissions: z.string().optional(),
});

const signedDelegationSchema = z.object({
  delegation: z.looseObject({}).transform((raw, context) => {
    const parsed = delegationSchema.safeParse(raw);
    if (parsed.success) return { ...parsed.data, hash: hashOfMap(raw as Record<string, Hashable>) };
    for (const issue of parsed.error.issues)
      context.addIssue({ code: "custom", message: issue.message, path: issue.path });
    return z.NEVER;
  }),
  signature: bytes,
});

const envelopeSchema = z.object({
  content: z.looseObject({}),
  sender_pubkey: bytes.optional(),
  sender_sig: bytes.optional(),
  sender_delegation: z
    .array(signedDelegationSchema)
    .max(20, "a chain has at most 20 delegations")
    .nullish()
    .transform((chain) => chain ?? []),
});

export type RequestType = keyof typeof contentSchemas;
export type Content<Type extends RequestType = RequestType> = z.output<(typeof contentSchemas)[Type]>;
export type SignedDelegation = z.output<typeof signedDelegationSchema>;

/** A request as it came, not verified yet. */
export interface Envelope<Type extends RequestType = RequestType> {
  content: Content<Type>;
  requestId: Uint8Array;
  publicKey: Uint8Array | undefined;
  signature: Uint8Array | undefined;
  delegations: SignedDelegation[];
}

/**
 * Reads the body of a request of the given type.
 * @throws HttpRefusal 400 naming what is malformed
 */
export function readEnvelope<Type extends RequestType>(body: Uint8Array, type: Type): Envelope<Type> {
  try {
    const envelope = envelopeSchema.parse(decodeCbor(body));
    return {
      content: contentSchemas[type].parse(envelope.content) as Content<Type>,
      requestId: hashOfMap(envelope.content as Record<string, Hashable>),
      publicKey: envelope.sender_pubkey,
      signature: envelope.sender_sig,
      delegations: envelope.sender_delegation,
    };
  } catch (error) {
    throw new HttpRefusal(400, `Could not read the request: ${reason(error)}`);
  }
}

function reason(error: unknown): string {
  return error instanceof z.ZodError ? z.prettifyError(error) : String((error as Error).message);
}
