import { PrincipalId } from "@kiln/client/network/principal-id";
import { InvalidArgumentError, Option } from "commander";
import { deployedCanisters } from "../../base/canister-names.ts";
import { maxDomains } from "../../ic/deploy/domains.ts";
import type { Subnets } from "../../ic/deploy/place.ts";

export function principal(text: string): string {
  if (PrincipalId.safeParse(text).success) return text;
  throw new InvalidArgumentError("a principal in its text form");
}

export function principals(text: string): string[] {
  return text.split(",").map((each) => principal(each.trim()));
}

export function snapshotId(text: string): string {
  if (/^([0-9a-f]{2})+$/i.test(text)) return text;
  throw new InvalidArgumentError("what kiln canisters snapshot printed, hexadecimal");
}

/** One more of several arguments. */
export const more = (text: string, former: string[] = []): string[] => [...former, principal(text)];

/** One more `--domain`. */
export function domains(text: string, former: readonly string[] = []): string[] {
  const name = text.toLowerCase();
  if (
    name.length > 253 ||
    !/^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]([a-z0-9-]{0,61}[a-z0-9])?$/.test(name)
  )
    throw new InvalidArgumentError("a domain like video.example.com, without https:// and path");
  if (former.includes(name)) return [...former];
  if (former.length === maxDomains)
    throw new InvalidArgumentError(`at most ${maxDomains}: Internet Identity knows no more of them`);
  return [...former, name];
}

/** One more `--subnet`: a principal for all, or `role=principal`. */
export function subnets(text: string, former: Subnets): Subnets {
  const [role = "", named] = text.split("=", 2);
  if (named === undefined) return { ...former, all: principal(text) };
  if (!deployedCanisters.some((name) => name === role))
    throw new InvalidArgumentError(`a role is one of ${deployedCanisters.join(", ")}`);
  return { ...former, roles: { ...former.roles, [role]: principal(named) } };
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

/** Days or minutes. */
export function duration(text: string): number {
  const value = Number(text);
  if (text.trim() !== "" && value > 0 && value < Number.POSITIVE_INFINITY) return value;
  throw new InvalidArgumentError("a number above 0");
}

/** `--cycles`: what a new canister begins with. */
export const cyclesOption = (what: string): Option =>
  // JSON, in which commander would show the default, has no bigint.
  new Option("--cycles <trillions>", what).argParser(trillions).default(5_000_000_000_000n, "5");
