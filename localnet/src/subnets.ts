/**
 * Which canister ids belong to which subnet. Ids are numbered: each subnet has a million numbers; what lies beyond
 * the last one's belongs to the root subnet, so that any id of the mainnet can be had.
 */

/** How many ids each subnet has. */
const size = 1n << 20n;
const largest = (1n << 64n) - 1n;

/**
 * The id of the canister with that number: the number in eight bytes, big endian, then 0x01 0x01.
 * @source IC interface specification, "Canister ids", as the platform fills them in
 */
export function canisterId(index: bigint): Uint8Array {
  const id = new Uint8Array([0, 0, 0, 0, 0, 0, 0, 0, 1, 1]);
  new DataView(id.buffer).setBigUint64(0, index);
  return id;
}

/** The number in a canister's id; undefined for an id of another form. */
export function canisterIndex(id: Uint8Array): bigint | undefined {
  if (id.length !== 10 || id[8] !== 1 || id[9] !== 1) return undefined;
  return new DataView(id.buffer, id.byteOffset).getBigUint64(0);
}

/** The first number of a subnet. */
export function firstIndex(subnet: number): bigint {
  return BigInt(subnet) * size;
}

/** The subnet that an id belongs to: 0 is the root subnet. @param count how many subnets there are */
export function subnetOf(id: Uint8Array, count: number): number {
  const index = canisterIndex(id);
  if (index === undefined || index >= BigInt(count) * size) return 0;
  return Number(index / size);
}

/** First and last canister id of each range of a subnet. */
export function canisterRanges(subnet: number, count: number): [first: Uint8Array, last: Uint8Array][] {
  const range = (first: bigint, last: bigint): [Uint8Array, Uint8Array] => [
    canisterId(first),
    canisterId(last),
  ];
  if (count === 1) return [range(0n, largest)];
  const own = range(firstIndex(subnet), firstIndex(subnet + 1) - 1n);
  return subnet === 0 ? [own, range(firstIndex(count), largest)] : [own];
}
