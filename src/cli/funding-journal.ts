import { dirname, join } from "node:path";
import { z } from "zod";
import { readJson, writeJson } from "./json-file.ts";

/** Cycles that the account has paid, by UTC day. */
const Journal = z.record(z.iso.date(), z.string().regex(/^\d+$/).transform(BigInt));

/** Days that are kept. */
const kept = 31;

/**
 * What an account has paid for a deployment on each day, so that a daily limit holds over runs: `funding.json` beside the
 * deployment. It is read anew each time, since another run may write it.
 * @param deployment file that describes it
 */
export function fundingJournal(deployment: string) {
  const file = join(dirname(deployment), "funding.json");
  const read = async (): Promise<z.output<typeof Journal>> =>
    (await readJson(
      file,
      Journal,
      "is no record of cycles paid by day: mend it, or delete it to begin anew",
    )) ?? {};

  return {
    /** @throws TypedError DEPLOYMENT_INVALID */
    spent: async (day: string): Promise<bigint> => (await read())[day] ?? 0n,

    /** @param cycles below 0: given back. @throws TypedError DEPLOYMENT_INVALID */
    async add(day: string, cycles: bigint): Promise<void> {
      const days = await read();
      days[day] = (days[day] ?? 0n) + cycles;
      const newest = Object.entries(days).sort().slice(-kept);
      await writeJson(file, Object.fromEntries(newest.map(([at, spent]) => [at, `${spent}`])));
    },
  };
}
