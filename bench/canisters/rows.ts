import { uploadRatio } from "../slice-upload.ts";
import { openBenchNetwork } from "./bench-network.ts";
import type { Cost } from "./cost.ts";
import { feedQueries } from "./feed-queries.ts";
import { fillIndex } from "./fill-index.ts";
import { indexCosts } from "./index-costs.ts";
import { storageCosts } from "./storage-costs.ts";
import { ofAMillion, userCosts } from "./user-costs.ts";

export type Row = [what: string, measured: string, share: string, target: string];

/** @source Internet Computer documentation, "Cycle costs" of 2026-05-22: 10^12 cycles are one XDR */
const dollarsATrillion = 1.36643;

/** The canisters of Kiln on a local network. @param videos in the index when it is asked */
export async function canisterRows(videos: number): Promise<Row[]> {
  const measured = await onOneNetwork(videos);
  const sent = await uploadRatio();
  return [
    ...measured,
    [
      "uploader / bare loop of put_chunk",
      `${sent.uploader.toFixed(1)} / ${sent.bareLoop.toFixed(1)} MB/s`,
      sent.ratio.toFixed(2),
      "at least 0.9",
    ],
  ];
}

async function onOneNetwork(videos: number): Promise<Row[]> {
  await using network = await openBenchNetwork();
  const stored = await storageCosts(network);
  const users = await userCosts(network);
  const began = performance.now();
  await fillIndex(network, videos);
  const filling = (performance.now() - began) / 1_000;
  const indexed = await indexCosts(network, videos);
  const { feed, bare } = await feedQueries(network);
  const million = (usersACanister: number): Row => {
    const { once, yearly } = ofAMillion(users, usersACanister);
    const way =
      usersACanister === 1
        ? "in canisters of their own"
        : `${usersACanister.toLocaleString("en")} a canister`;
    return [`1,000,000 users ${way}: once; a year`, `${money(once)}; ${money(yearly)}`, "", ""];
  };
  return [
    ...stored.costs.map(costRow),
    ...indexed.map(costRow),
    ["1,000 published videos of 20 MB in 64 files", money(1_000 * stored.cyclesAVideo), "", ""],
    million(1),
    million(1_000),
    [
      "queries/s: a page of the feed / a query that does nothing",
      `${feed.toFixed(0)} / ${bare.toFixed(0)}`,
      (feed / bare).toFixed(2),
      "",
    ],
    [`entering ${videos.toLocaleString("en")} videos`, `${filling.toFixed(0)} s`, "", ""],
  ];
}

function costRow({ what, instructions, limit, detail }: Cost): Row {
  const share = `${((100 * instructions) / limit).toFixed(2)} % of ${limit / 1e9} G`;
  const name = [what, detail].filter((text) => text !== "").join(": ");
  return [name, `${(instructions / 1e6).toFixed(2)} M instructions`, share, "below 100 %"];
}

function money(cycles: number): string {
  const trillions = cycles / 1e12;
  const digits = trillions < 10 ? 2 : 0;
  const figure = (value: number) => value.toLocaleString("en", { maximumFractionDigits: digits });
  return `${figure(trillions)} T cycles ($${figure(trillions * dollarsATrillion)})`;
}
