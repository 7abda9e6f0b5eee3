import { randomBytes } from "node:crypto";
import type { Feed } from "@kiln/client/bindings/content_index";
import type { BenchNetwork } from "./bench-network.ts";
import { type Cost, limits } from "./cost.ts";
import { benchVideo, videoId } from "./fill-index.ts";

/** Two sizes of vectors: what a multiply-add takes is the difference. */
const dimensions = { few: 64, many: 320 };

/** @param videos in the index */
export async function indexCosts(network: BenchNetwork, videos: number): Promise<Cost[]> {
  const { index, counted } = network;
  const ids = Array.from({ length: 1_000 }, (_, number) => videoId(number * Math.floor(videos / 1_000)));
  const page = (feed: Feed) => index.feed({ feed, cursor: [], limit: 20, filter: [] });
  const upsert = await counted("upsert_video", () => index.upsert_video(benchVideo(videos)));
  const scores = ids.map((id, number) => ({ id, top: BigInt((number * 7_919) % 100_003) }));
  const scored = await counted("update_scores", () =>
    index.update_scores({ model_version: "m", sequence: 1n, scores }),
  );
  const few = await ranking(network, ids, dimensions.few);
  const many = await ranking(network, ids, dimensions.many);
  const newest = await counted("feed", () => page({ newest: null }));
  const top = await counted("feed", () => page({ top: null }));
  const multiplyAdd = (many.rank - few.rank) / (ids.length * (dimensions.many - dimensions.few));
  const of = `of ${videos.toLocaleString("en")} videos`;
  const update = (what: string, instructions: number, detail = of): Cost => ({
    ...{ what, instructions, detail },
    limit: limits.update,
  });
  const query = (what: string, instructions: number, detail = of): Cost => ({
    ...{ what, instructions, detail },
    limit: limits.query,
  });
  return [
    update("upsert_video", upsert),
    query("feed newest, a page of 20 with its proof", newest),
    query("feed top, a page of 20 with its proof", top),
    update("update_scores, 1,000", scored),
    update(`put_vectors, 1,000 x ${dimensions.few}`, few.put, ""),
    query(`rank 1,000 x ${dimensions.few}`, few.rank, `${multiplyAdd.toFixed(0)} a multiply-add`),
  ];
}

/** Putting vectors of a model and ranking them for a user. */
async function ranking({ index, counted }: BenchNetwork, ids: string[], size: number) {
  const model_version = `m${size}`;
  const vectors = ids.map((id) => ({ id, vector: randomBytes(size) }));
  const user = { model_version, vector: randomBytes(size), limit: 20, filter: [] as [] };
  return {
    put: await counted("put_vectors", () => index.put_vectors({ model_version, dimensions: size, vectors })),
    rank: await counted("rank", () => index.rank({ ...user, candidates: { videos: ids } })),
  };
}
