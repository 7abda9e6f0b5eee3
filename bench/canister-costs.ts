import { randomBytes } from "node:crypto";
import { Actor, type HttpAgent } from "@dfinity/agent";
import { IDL } from "@dfinity/candid";
import { Principal } from "@dfinity/principal";
import { createReplica } from "../localnet/src/replica/replica.ts";
import type { Replica } from "../localnet/src/replica/types.ts";
import { serve } from "../localnet/src/serve.ts";
import { compileCanisters } from "../src/cli/canisters.ts";
import { createAgent } from "../src/ic/agent.ts";
import * as contentIndex from "../src/ic/bindings/content_index.ts";
import * as storage from "../src/ic/bindings/storage.ts";
import { madeUpIdentity } from "../src/ic/identity.ts";
import { installKiln } from "../src/ic/install-kiln.ts";
import type { LocalFile } from "../src/ic/local-file.ts";
import { grantRole } from "../src/ic/roles.ts";
import { storageClient } from "../src/ic/storage-client.ts";
import { upload } from "../src/ic/uploader.ts";

/** What one kind of call took, by localnet's counters, beside the platform's limit of instructions. */
export type CanisterCost = { what: string; instructions: number; limit: number; detail: string };

export type CanisterCosts = {
  costs: CanisterCost[];
  /** Cycles for one published video of 20 MB in 64 files, all messages of storage and index together. */
  cyclesAVideo: number;
  /** Queries a second for a page of the feed, and for a query that does nothing, one at a time. */
  feedQueries: number;
  bareQueries: number;
};

const limits = { update: 40e9, query: 5e9 };
const chunkBytes = 1_900_000;
/** Two sizes of vectors: what a multiply-add takes is the difference. */
const sizes = { small: 64, large: 320 };

type Bench = {
  replica: Replica;
  agent: HttpAgent;
  index: contentIndex._SERVICE;
  storage: storage._SERVICE;
  canisters: { storage: string; content_index: string };
  /** Runs calls and sums up what the canisters' messages of that name took. */
  counted(name: string, run: () => Promise<unknown>): Promise<number>;
};

/**
 * Instructions of the canisters' calls on a local network in this process.
 * @param videos in the index when its feeds are asked
 */
export async function canisterCosts(videos: number): Promise<CanisterCosts> {
  const executed: { entry: string; instructions: bigint }[] = [];
  let opened: Replica | undefined;
  await using network = await serve({ host: "127.0.0.1", port: 0 }, async ([subnetId]) => {
    opened = await createReplica({ subnetId: subnetId!, onExecuted: (message) => executed.push(message) });
    return opened;
  });
  const agent = await createAgent({
    host: `http://127.0.0.1:${network.port}`,
    identity: madeUpIdentity(),
    rootKey: { from: "bytes", bytes: network.rootKey },
  });
  const canisters = await installKiln({ agent, modules: await compileCanisters() });
  const me = (await agent.getPrincipal()).toText();
  await grantRole(agent, canisters.global_configuration, me, "recommender");
  const bench: Bench = {
    replica: opened!,
    agent,
    canisters,
    index: Actor.createActor(contentIndex.idlFactory, { agent, canisterId: canisters.content_index }),
    storage: Actor.createActor(storage.idlFactory, { agent, canisterId: canisters.storage }),
    counted: async (name, run) => {
      executed.length = 0;
      await run();
      const messages = executed.filter(({ entry }) => entry.includes(name) || entry.includes("callback"));
      return Number(messages.reduce((sum, { instructions }) => sum + instructions, 0n));
    },
  };
  const stored = await storageCosts(bench);
  const indexed = await indexCosts(bench, videos);
  const { feed, bare } = await queriesASecond(bench);
  return {
    costs: [...stored.costs, ...indexed],
    cyclesAVideo: stored.cyclesAVideo,
    feedQueries: feed,
    bareQueries: bare,
  };
}

async function storageCosts(bench: Bench): Promise<{ costs: CanisterCost[]; cyclesAVideo: number }> {
  const client = storageClient({ agent: bench.agent, canisterId: bench.canisters.storage });
  const bytes = randomBytes(chunkBytes);
  const files = [{ path: "/bench/one", bytes }];
  await upload({ storage: client, uploadId: "warm", attempt: 1, files: localFiles(files) });
  const part = randomBytes(chunkBytes);
  const sha256 = new Uint8Array(await crypto.subtle.digest("SHA-256", part));
  await client.beginUpload({
    uploadId: "put",
    attempt: 1,
    chunkBytes,
    files: [
      {
        path: "/bench/put",
        contentType: "video/mp4",
        cacheControl: "no-store",
        size: chunkBytes,
        sha256,
        chunkSha256: [sha256],
      },
    ],
  });
  const put = await bench.counted("put_chunk", () =>
    bench.storage.put_chunk("put", 1n, { file: 0, chunk: 0, bytes: part }),
  );
  const segments = Array.from({ length: 64 }, (_, number) => ({
    path: `/bench/video/${number}`,
    bytes: randomBytes(20e6 / 64),
  }));
  const before = (await client.status()).cycles;
  const commit = await bench.counted("commit", () =>
    upload({ storage: client, uploadId: "video", attempt: 1, files: localFiles(segments) }),
  );
  const spent = Number(before - (await client.status()).cycles);
  return {
    costs: [
      {
        what: "put_chunk, 1.9 MB",
        instructions: put,
        limit: limits.update,
        detail: `${(put / chunkBytes).toFixed(0)} a byte`,
      },
      { what: "commit of 64 files", instructions: commit, limit: limits.update, detail: "" },
    ],
    cyclesAVideo: spent,
  };
}

const localFiles = (files: { path: string; bytes: Uint8Array }[]): LocalFile[] =>
  files.map(({ path, bytes }) => ({
    path,
    contentType: "video/mp4",
    cacheControl: "no-store",
    source: { kind: "bytes", bytes },
  }));

async function indexCosts(bench: Bench, videos: number): Promise<CanisterCost[]> {
  const { index, counted } = bench;
  await fill(bench, videos);
  const ids = Array.from({ length: 1_000 }, (_, number) => id(number * Math.floor(videos / 1_000)));
  const page = (feed: contentIndex.Feed) => index.feed({ feed, cursor: [], limit: 20, filter: [] });
  const upsert = await counted("upsert_video", () => index.upsert_video(video(videos)));
  const scores = ids.map((each, number) => ({ id: each, top: BigInt((number * 7_919) % 100_003) }));
  const scored = await counted("update_scores", () =>
    index.update_scores({ model_version: "m", sequence: 1n, scores }),
  );
  const small = await ranking(bench, ids, sizes.small);
  const large = await ranking(bench, ids, sizes.large);
  const newest = await counted("feed", () => page({ newest: null }));
  const top = await counted("feed", () => page({ top: null }));
  const each = (large.rank - small.rank) / (ids.length * (sizes.large - sizes.small));
  const of = `of ${videos} videos`;
  return [
    { what: "upsert_video", instructions: upsert, limit: limits.update, detail: of },
    {
      what: "feed newest, a page of 20 with its proof",
      instructions: newest,
      limit: limits.query,
      detail: of,
    },
    { what: "feed top, a page of 20 with its proof", instructions: top, limit: limits.query, detail: of },
    { what: "update_scores, 1,000", instructions: scored, limit: limits.update, detail: of },
    {
      what: `put_vectors, 1,000 x ${sizes.small}`,
      instructions: small.put,
      limit: limits.update,
      detail: "",
    },
    {
      what: `rank 1,000 x ${sizes.small}`,
      instructions: small.rank,
      limit: limits.query,
      detail: `${each.toFixed(0)} a multiply-add`,
    },
  ];
}

/** Putting vectors of a model and ranking them for a user. */
async function ranking({ index, counted }: Bench, ids: string[], dimensions: number) {
  const model_version = `m${dimensions}`;
  const vectors = ids.map((each) => ({ id: each, vector: randomBytes(dimensions) }));
  const user = { model_version, vector: randomBytes(dimensions), limit: 20, filter: [] as [] };
  return {
    put: await counted("put_vectors", () => index.put_vectors({ model_version, dimensions, vectors })),
    rank: await counted("rank", () => index.rank({ ...user, candidates: { videos: ids } })),
  };
}

const id = (number: number) => `bench-${number}`;

/** Past HTTP and signatures, which would take most of the time. */
async function fill({ replica, agent, canisters }: Bench, videos: number): Promise<void> {
  const method = contentIndex.idlFactory({ IDL })._fields.find(([name]) => name === "upsert_video")![1];
  const sender = (await agent.getPrincipal()).toUint8Array();
  const canisterId = Principal.fromText(canisters.content_index).toUint8Array();
  for (let number = 0; number < videos; number++) {
    const arg = IDL.encode(method.argTypes, [video(number)]);
    const requestId = randomBytes(32);
    const result = await replica.update({ requestId, sender, canisterId, method: "upsert_video", arg });
    if (result.status === "rejected") throw new Error(result.message);
  }
}

const video = (number: number): contentIndex.VideoInput => ({
  id: id(number),
  attempt: 1n,
  owner: Principal.anonymous(),
  title: `Video ${number}`,
  storage: Principal.managementCanister(),
  player: `/v/${id(number)}/index.html`,
  hls: `/v/${id(number)}/master.m3u8`,
  dash: `/v/${id(number)}/manifest.mpd`,
  poster: `/v/${id(number)}/posters/720.jpg`,
  manifest_sha256: new Uint8Array(32),
  duration_ms: 15_000n,
  width: 1080,
  height: 1920,
  bytes: 20_000_000n,
  renditions: ["1080p", "720p", "480p", "360p", "240p"].map((name) => ({
    name,
    width: 1080,
    height: 1920,
    bandwidth: 5_000_000n,
    codecs: "avc1.640028,mp4a.40.2",
    bytes: 4_000_000n,
  })),
  status: { ReadyToView: null },
});

/** One after another for a second each, over HTTP, signatures checked. */
async function queriesASecond({ index }: Bench): Promise<{ feed: number; bare: number }> {
  const rate = async (query: () => Promise<unknown>) => {
    await query();
    const start = performance.now();
    let count = 0;
    for (; performance.now() - start < 2_000; count++) await query();
    return count / ((performance.now() - start) / 1_000);
  };
  const feed = await rate(() => index.feed({ feed: { newest: null }, cursor: [], limit: 20, filter: [] }));
  return { feed, bare: await rate(() => index.status()) };
}
