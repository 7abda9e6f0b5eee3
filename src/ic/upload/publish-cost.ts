import { allChunks, batchLimit, chunkCount, planBatches } from "./batches.ts";

/** Cycles, and US dollars at the platform's list price. */
export type PublishCost = {
  bytes: number;
  /** One-off: messages, their bytes, and computation. */
  upload: { cycles: number; dollars: number };
  /** Storage for a year. */
  yearly: { cycles: number; dollars: number };
};

/** Cycles on a subnet of 13 nodes. @source Internet Computer documentation, "Cycle costs" */
const prices = { message: 5_000_000, ingress: 1_200_000, ingressByte: 2_000, storageGibSecond: 127_000 };

/** 10^12 cycles are one XDR. @source Internet Computer documentation, "Cycle costs" of 2026-05-22 */
const dollarsPerCycle = 1.36643e-12;

/** 64-bit code costs two cycles per instruction. Instructions were measured by `kiln bench canisters`. */
const computed = { hashedByte: 2 * 302, perFile: 2 * 5_000_000, perChunk: 2 * 1_500_000 };

/** Bytes per file and per chunk in the declaration of an upload. */
const declared = { file: 300, chunk: 33 };

const secondsAYear = 365.25 * 24 * 3600;

/**
 * Estimates what publishing files to a storage canister costs. An upper bound: chunks that the canister already has will
 * not be sent.
 * @param sizes bytes of each file
 */
export function publishCost(sizes: readonly number[]): PublishCost {
  const chunkBytes = batchLimit.bytes;
  const bytes = sizes.reduce((sum, size) => sum + size, 0);
  const chunks = sizes.reduce((sum, size) => sum + chunkCount(size, chunkBytes), 0);
  const batches = [...planBatches(allChunks(sizes, chunkBytes), sizes, chunkBytes)].length;
  // Files of several chunks are hashed once more as a whole, 16 chunks a message.
  const hashedAgain = sizes.filter((size) => size > chunkBytes).reduce((sum, size) => sum + size, 0);
  const messages = batches + Math.ceil(hashedAgain / (16 * chunkBytes)) + 2;
  const sent = bytes + sizes.length * declared.file + chunks * declared.chunk;
  const upload =
    messages * (prices.message + prices.ingress) +
    sent * prices.ingressByte +
    (bytes + hashedAgain) * computed.hashedByte +
    sizes.length * computed.perFile +
    chunks * computed.perChunk;
  const yearly = (bytes / 2 ** 30) * prices.storageGibSecond * secondsAYear;
  return { bytes, upload: priced(upload), yearly: priced(yearly) };
}

function priced(cycles: number): { cycles: number; dollars: number } {
  return { cycles: Math.round(cycles), dollars: cycles * dollarsPerCycle };
}
