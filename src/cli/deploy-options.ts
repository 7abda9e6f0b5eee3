import { InvalidArgumentError } from "commander";
import { PrincipalId } from "../ic/principal-id.ts";

export function principal(text: string): string {
  if (PrincipalId.safeParse(text).success) return text;
  throw new InvalidArgumentError("a principal in its text form");
}

export function principals(text: string): string[] {
  return text.split(",").map((each) => principal(each.trim()));
}

export function count(text: string): number {
  if (/^\d{1,6}$/.test(text)) return Number(text);
  throw new InvalidArgumentError("a whole number");
}

export function trillions(text: string): bigint {
  if (!/^\d{1,6}(\.\d{1,3})?$/.test(text))
    throw new InvalidArgumentError("trillions of cycles, like 5 or 0.5");
  return BigInt(Math.round(Number(text) * 1000)) * 1_000_000_000n;
}
