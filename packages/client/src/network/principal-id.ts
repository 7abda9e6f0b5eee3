import { Principal } from "@dfinity/principal";
import { z } from "zod";

/** The text form of a canister's or a user's principal. */
export const PrincipalId = z
  .string()
  .refine(isPrincipal, "a principal in its text form, like rwlgt-iiaaa-aaaaa-aaaaa-cai");

function isPrincipal(text: string): boolean {
  try {
    Principal.fromText(text);
    return true;
  } catch {
    return false;
  }
}
