import { open, readFile } from "node:fs/promises";
import { join } from "node:path";
import { TypedError } from "../../base/typed-error.ts";
import { connect } from "../../ic/canisters/connection.ts";
import { publishVideo } from "../../ic/publish/publish.ts";
import { verifyPublished } from "../../ic/publish/verify-published.ts";
import { connectRedis } from "../../queues/connection.ts";
import { enqueueVideo } from "../../queues/enqueue-video.ts";
import { VideoQueues } from "../../queues/video-queues.ts";
import { type Manifest, readManifest } from "../../transcode/manifest.ts";
import { folderBlobStore } from "../../videos/folder-blob-store.ts";
import { followVideos } from "../../videos/follow-videos.ts";
import { VideoStore } from "../../videos/video-store.ts";
import { readPublication } from "../../workers/stages/publication.ts";
import { startLocalNetwork } from "../services/local-network.ts";
import { startRedis } from "../services/redis-server.ts";
import { startWorkerProcess } from "../services/service-process.ts";
import type { Standing } from "../videos/progress.ts";
import { type DemoFeed, demoFeed } from "./demo-feed.ts";

/** The result for one file: a row of `kiln demo`. */
export type DemoRow = {
  file: string;
  /** Null when the file could not even be read. */
  id: string | null;
  status: "published" | "rejected" | "failed";
  /** `CODE: message` of a video that was not published. */
  reason?: string;
  renditions: { name: string; width: number; height: number; bytes: number }[];
  /** Of all files in the storage canister. */
  bytes: number;
  /** From the enqueuing of the file to the end. */
  seconds: number;
  /** The player page; null when there is none. */
  url: string | null;
  /** Whether every file fetched back has the SHA-256 that was sent; null when that was not tried. */
  verified: boolean | null;
};

export interface DemoSystem extends AsyncDisposable {
  /** Enqueues a file and follows it to its end. Refused files are rows, too. */
  process(file: string, onStanding: (standing: Standing) => void, signal: AbortSignal): Promise<DemoRow>;
  /** Fetches every file of a published video back over HTTP and compares. */
  verify(row: DemoRow, signal: AbortSignal): Promise<boolean>;
  /** The feed of a model that learned from a simulated audience of these videos, and the feed of the index. */
  recommend(videos: readonly string[], signal: AbortSignal): Promise<DemoFeed>;
}

/**
 * Redis, a local network with Kiln's canisters and a worker, each in a process or thread of its own, all files
 * in `folder`. Disposing stops all of them.
 */
export async function startDemoSystem(folder: string, signal: AbortSignal): Promise<DemoSystem> {
  await using opened = new AsyncDisposableStack();
  const redisServer = opened.use(await startRedis({ folder: join(folder, "redis") }));
  signal.throwIfAborted();
  const network = opened.use(await startLocalNetwork({ folder: join(folder, "network") }));
  signal.throwIfAborted();
  const { host, identity, canisters } = network.deployment;
  const blobFolder = join(folder, "blobs");
  const logFile = join(folder, "worker.log");
  const log = opened.use(await open(logFile, "a"));
  const worker = opened.use(
    await startWorkerProcess({
      stderr: log.fd,
      env: {
        ...process.env,
        KILN_REDIS_URL: redisServer.url,
        KILN_BLOBS: blobFolder,
        KILN_IC_HOST: host,
        KILN_IC_ROOT_KEY: Buffer.from(network.rootKey).toString("hex"),
        KILN_IDENTITY: identity,
        KILN_GLOBAL_CONFIGURATION_CANISTER: canisters.global_configuration,
        KILN_CONTENT_INDEX_CANISTER: canisters.content_index,
      },
    }),
  );
  // Without the worker the videos would never be finished.
  const workerGone = new AbortController();
  void worker.exited.then(async () => {
    const lastLines = (await readFile(logFile, "utf8").catch(() => ""))
      .trim()
      .split("\n")
      .slice(-5)
      .join("\n");
    workerGone.abort(new TypedError("WORKER_FAILED", `the worker ended unexpectedly\n${lastLines}`));
  });
  const redis = opened.adopt(await connectRedis(redisServer.url), (connection) => connection.disconnect());
  const queues = opened.use(new VideoQueues(redis));
  const store = new VideoStore(redis);
  const blobs = await folderBlobStore(blobFolder);
  const canister = await connect({}, join(folder, "network", "kiln.json"));
  const productOf = async (id: string) => {
    const { product } = await store.get(id);
    return blobs.productPath(id, product!);
  };

  const resources = opened.move();
  return {
    async process(file, onStanding, signal) {
      const began = performance.now();
      const seconds = () => (performance.now() - began) / 1000;
      const none = { renditions: [], bytes: 0, url: null, verified: null };
      let id: string;
      try {
        ({ id } = await enqueueVideo({ store, queues }, file));
      } catch (error) {
        if (!(error instanceof TypedError)) throw error;
        const reason = `${error.code}: ${error.message}`;
        return { ...none, file, id: null, status: "rejected", reason, seconds: seconds() };
      }
      const following = AbortSignal.any([signal, workerGone.signal]);
      try {
        for await (const { state, stage, fraction } of followVideos(redis, [id], { signal: following }))
          onStanding(stage === undefined ? state : { stage, fraction: fraction ?? 0 });
      } catch (error) {
        workerGone.signal.throwIfAborted();
        throw error;
      }
      const { state, reason, url } = await store.get(id);
      if (state !== "published") {
        const why = reason ? `${reason.code}: ${reason.message}` : state;
        const status = state === "failed" ? "failed" : "rejected";
        return { ...none, file, id, status, reason: why, seconds: seconds() };
      }
      const manifest = await readManifest(await productOf(id));
      return {
        file,
        id,
        status: "published",
        renditions: manifest.renditions.map(({ name, width, height, bytes }) => ({
          name,
          width,
          height,
          bytes,
        })),
        bytes: totalBytes(manifest),
        seconds: seconds(),
        url: url ?? null,
        verified: null,
      };
    },

    async verify({ id }, signal) {
      const { owner = canister.principal, title, attempt } = await store.get(id!);
      const folder = await productOf(id!);
      const publication = await readPublication(folder, { id: id!, attempt, owner, title });
      // Publishing again sends nothing and returns what was sent.
      const { files, sentBytes } = await publishVideo({ ...canister, publication, folder, signal });
      const differences = await verifyPublished({
        gatewayUrl: host,
        canisterId: canisters.storage,
        files,
        signal,
      });
      for (const { path, why } of differences) console.error(`${path}: ${why}`);
      return sentBytes === 0 && differences.length === 0;
    },

    recommend: (videos, signal) =>
      demoFeed({
        ...{ folder, videos, redis, canister, signal },
        configuration: canisters.global_configuration,
        rootKey: network.rootKey,
      }),

    [Symbol.asyncDispose]: () => resources.disposeAsync(),
  };
}

const totalBytes = ({ files }: Manifest): number => files.reduce((sum, { bytes }) => sum + bytes, 0);
