import { hash } from "node:crypto";
import { leb128 } from "./leb128.ts";

/** What a content map may hold. */
export type Hashable =
  | string
  | number
  | bigint
  | Uint8Array
  | readonly Hashable[]
  | { readonly [key: string]: Hashable };

/**
 * Representation-independent hash of a map; of a request's content map it is the request id, 32 bytes.
 * @source IC interface specification, "Request ids" and "Representation-independent hashing of structured data"
 * @throws TypeError for values that have no such hash (negative numbers, fractions, null)
 */
export function hashOfMap(map: { readonly [key: string]: Hashable }): Uint8Array {
  const pairs = Object.entries(map).map(([key, value]) => Buffer.concat([sha256(key), hashOfValue(value)]));
  return sha256(Buffer.concat(pairs.sort(Buffer.compare)));
}

function hashOfValue(value: Hashable): Uint8Array {
  if (typeof value === "string" || value instanceof Uint8Array) return sha256(value);
  if (isNatural(value)) return sha256(leb128(value));
  if (Array.isArray(value)) return sha256(Buffer.concat(value.map(hashOfValue)));
  if (isMap(value)) return hashOfMap(value);
  throw new TypeError(`a request cannot hold ${value === null ? "null" : `the ${typeof value} ${value}`}`);
}

function isNatural(value: Hashable): value is number | bigint {
  return (typeof value === "bigint" && value >= 0n) || (Number.isInteger(value) && (value as number) >= 0);
}

function isMap(value: Hashable): value is { readonly [key: string]: Hashable } {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function sha256(data: string | Uint8Array): Uint8Array {
  return hash("sha256", data, "buffer");
}
