import type { GlobalValue } from "../../canister/instance.ts";

/** A global's value as text: 64-bit integers end in `n`, other numbers keep every bit but a NaN's payload. */
export function globalText(value: GlobalValue): string {
  if (typeof value === "bigint") return `${value}n`;
  return Object.is(value, -0) ? "-0" : String(value);
}

export function globalValue(text: string): GlobalValue {
  return text.endsWith("n") ? BigInt(text.slice(0, -1)) : Number(text);
}
