import { randomBytes } from "node:crypto";
import { maxChunkBytes } from "../../src/base/chunk-bytes.ts";
import { storageClient } from "../../src/ic/canisters/storage-client.ts";
import type { LocalFile } from "../../src/ic/upload/local-file.ts";
import { upload } from "../../src/ic/upload/uploader.ts";
import type { BenchNetwork } from "./bench-network.ts";
import { type Cost, limits } from "./cost.ts";
import { benchVideo } from "./fill-index.ts";

/** A video of 20 MB in 64 files: five renditions of 15 s with sound. */
const segments = 64;
const videoBytes = 20e6;

/** @returns costs, and the cycles of one published video: all messages of storage and index together */
export async function storageCosts(network: BenchNetwork): Promise<{ costs: Cost[]; cyclesAVideo: number }> {
  const client = storageClient({ agent: network.agent, canisterId: network.canisters.storage });
  await upload({ storage: client, uploadId: "warm", attempt: 1, files: made("warm", 1, maxChunkBytes) });
  const bytes = randomBytes(maxChunkBytes);
  const sha256 = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  const [{ path, contentType, cacheControl }] = made("put", 1, 0) as [LocalFile];
  const file = { path, contentType, cacheControl, size: maxChunkBytes, sha256, chunkSha256: [sha256] };
  await client.beginUpload({ uploadId: "put", attempt: 1, chunkBytes: maxChunkBytes, files: [file] });
  const put = await network.counted("put_chunk", () =>
    network.storage.put_chunk("put", 1n, { file: 0, chunk: 0, bytes }),
  );
  let commit = 0;
  const files = made("video", segments, videoBytes / segments);
  const cyclesAVideo = await network.spent(async () => {
    commit = await network.counted("commit", () =>
      upload({ storage: client, uploadId: "video", attempt: 1, files }),
    );
    await network.index.upsert_video({ ...benchVideo(0), id: "published" });
  });
  const update = (what: string, instructions: number, detail = ""): Cost => ({
    ...{ what, instructions, detail },
    limit: limits.update,
  });
  return {
    costs: [
      update(
        "put_chunk of 1.9 MB",
        put,
        `${(put / maxChunkBytes).toFixed(0)} a byte, that is M a MB; target at most 320`,
      ),
      update(`commit of ${segments} files`, commit),
    ],
    cyclesAVideo,
  };
}

function made(name: string, count: number, size: number): LocalFile[] {
  return Array.from({ length: count }, (_, number) => ({
    path: `/bench/${name}/${number}`,
    contentType: "video/mp4",
    cacheControl: "no-store",
    source: { kind: "bytes", bytes: randomBytes(size) },
  }));
}
