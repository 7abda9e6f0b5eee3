/**
 * Prices on an application subnet of 13 nodes, in cycles.
 * @source Internet Computer documentation, "Cycle costs"; dfinity/ic rs/config/src/subnet_config.rs for what that
 * leaves out (64-bit instructions cost twice, compiling, snapshots)
 */
export const prices = {
  creation: 500_000_000_000n,
  /** Of any message that runs, on top of its instructions. */
  message: 5_000_000n,
  instruction: { i32: 1n, i64: 2n },
  /** Of a call between canisters, paid by the caller: once, and for each byte of request and reply. */
  call: 260_000n,
  callByte: 1_000n,
  /** Of a message from outside, paid by the canister: once, and for each byte. */
  ingress: 1_200_000n,
  ingressByte: 2_000n,
  /** Of an HTTPS outcall, for each node: once, again for each node, and for each byte that goes and that may come. */
  outcall: { once: 3_000_000n, perNode: 60_000n, requestByte: 400n, responseByte: 800n },
  nodes: 13n,
  storageGibSecond: 127_000n,
  computePercentSecond: 10_000_000n,
} as const;

/** Work that is charged as instructions. */
export const countedInstructions = {
  /** For each byte of a module's code when it is installed. */
  compiledByte: 6_000n,
  /** For a snapshot taken or loaded, besides one for each of its bytes. */
  snapshot: 2_000_000_000n,
} as const;
