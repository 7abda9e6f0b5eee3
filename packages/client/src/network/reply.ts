import { Principal } from "@dfinity/principal";
import { z } from "zod";
import { TypedError } from "../typed-error.ts";

/** A nat64 that counts bytes, chunks or attempts: a number as long as it is exact. */
export const Count = z
  .bigint()
  .max(BigInt(Number.MAX_SAFE_INTEGER))
  .transform((value) => Number(value));

export const Bytes = z.instanceof(Uint8Array);

/** A principal in its text form. */
export const PrincipalText = z
  .custom<Principal>((value) => Principal.isPrincipal(value), "not a principal")
  .transform((principal) => principal.toText());

/** The unit type, as the agent decodes it inside a variant. */
export const Nothing = z.null().transform(() => undefined);

/** `opt T`, which the agent decodes as a list of one or none. */
export function Optional<Value extends z.ZodType>(value: Value) {
  return z
    .array(value)
    .max(1)
    .transform((list): z.output<Value> | undefined => list[0]);
}

/**
 * Validates a reply.
 * @param target name of the canister for error messages
 * @throws TypedError REPLY_UNKNOWN if the canister runs an incompatible version
 */
export function readReply<Reply extends z.ZodType>(
  schema: Reply,
  reply: unknown,
  target: string,
): z.output<Reply> {
  const parsed = schema.safeParse(reply);
  if (parsed.success) return parsed.data;
  throw new TypedError(
    "REPLY_UNKNOWN",
    `${target} answers in a form that this Kiln does not know: upgrade the canister or Kiln (${z.prettifyError(parsed.error)})`,
    { cause: parsed.error },
  );
}

const Result = z.record(z.string(), z.unknown());

/** Reads `variant { ok : T; err : E }` into a discriminated union, checked as by `readReply`. */
export function readResult<Value extends z.ZodType, Refusal extends z.ZodType>(
  value: Value,
  refusal: Refusal,
  reply: unknown,
  target: string,
): { kind: "ok"; value: z.output<Value> } | { kind: "err"; error: z.output<Refusal> } {
  const variant = readReply(Result, reply, target);
  return "ok" in variant
    ? { kind: "ok", value: readReply(value, variant.ok, target) }
    : { kind: "err", error: readReply(refusal, variant.err, target) };
}

/** The refusal of every Kiln canister if the caller lacks the role that a method requires. */
export function unauthorized(refusal: { target: string; caller: string; why: string }): TypedError {
  return new TypedError(
    "UNAUTHORIZED",
    `${refusal.target} refuses ${refusal.caller}: ${refusal.why}. Another identity is named with --identity or KILN_IDENTITY`,
  );
}
