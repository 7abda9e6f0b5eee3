import { randomUUID } from "node:crypto";
import { mkdir, open, readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { z } from "zod";
import { TypedError } from "../../base/typed-error.ts";
import { json } from "../deploy/json-file.ts";

const Entry = z.strictObject({
  id: z.uuid(),
  at: z.iso.datetime(),
  canister: z.string(),
  /** Below 0: given back. */
  cycles: z
    .string()
    .regex(/^-?\d+$/)
    .transform(BigInt),
});
type Entry = z.output<typeof Entry>;

/** What may be paid now; given back when it was not. */
export type Claim = { cycles: bigint; giveBack(): Promise<void> };

/**
 * What an account has paid for a deployment, so that a daily limit holds over runs: `funding.jsonl` beside the
 * deployment, a line a payment. Lines are only added, and their order decides between runs that pay at the same time.
 * @param deployment file that describes it
 */
export function fundingJournal(deployment: string) {
  const file = join(dirname(deployment), "funding.jsonl");

  async function read(): Promise<Entry[]> {
    const text = await readFile(file, "utf8").catch((error: NodeJS.ErrnoException) => {
      if (error.code === "ENOENT") return "";
      throw error;
    });
    // What follows the last end of a line is being written.
    const lines = text.split("\n").slice(0, -1);
    return lines.map((line, index) => {
      const entry = Entry.safeParse(json(line));
      if (entry.success) return entry.data;
      const words = `${file}, line ${index + 1}, is not a payment: correct it, or delete the file to start over`;
      throw new TypedError("DEPLOYMENT_INVALID", words);
    });
  }

  async function add(canister: string, cycles: bigint, at = new Date().toISOString()): Promise<Entry> {
    const entry = { id: randomUUID(), at, canister, cycles };
    await mkdir(dirname(file), { recursive: true });
    await using journal = await open(file, "a");
    await journal.appendFile(`${JSON.stringify({ ...entry, cycles: `${cycles}` })}\n`);
    await journal.sync();
    return entry;
  }

  return {
    /**
     * Counted before it is paid: a killed run has spent less than it counted, never more.
     * @returns what is left of the limit of this UTC day, at most what is needed
     * @throws TypedError DEPLOYMENT_INVALID
     */
    async claim(canister: string, needed: bigint, dailyLimit: bigint): Promise<Claim> {
      const left = within(needed, dailyLimit - sum(ofDay(await read(), new Date().toISOString())));
      if (left === 0n) return { cycles: 0n, giveBack: async () => {} };
      const mine = await add(canister, left);
      const entries = ofDay(await read(), mine.at);
      const before = entries.slice(
        0,
        entries.findIndex(({ id }) => id === mine.id),
      );
      const cycles = within(left, dailyLimit - sum(before));
      // A refund belongs to the day of its claim.
      const giveBack = async (some: bigint) => {
        await add(canister, -some, mine.at);
      };
      if (cycles < left) await giveBack(left - cycles);
      return { cycles, giveBack: () => giveBack(cycles) };
    },
  };
}

const ofDay = (entries: readonly Entry[], at: string) =>
  entries.filter((entry) => entry.at.slice(0, 10) === at.slice(0, 10));

const sum = (entries: readonly Entry[]) => entries.reduce((total, { cycles }) => total + cycles, 0n);

/** From 0 to both. */
const within = (one: bigint, other: bigint): bigint => {
  const smaller = one < other ? one : other;
  return smaller > 0n ? smaller : 0n;
};
