import { RejectionError } from "../transcode/rejection.ts";
import type { BlobStore } from "../videos/blob-store.ts";
import type { VideoEvent } from "../videos/transition.ts";
import type { Stage, VideoRecord } from "../videos/video.ts";
import type { TaskOf, TaskResult } from "./task.ts";

export type StageTools = {
  blobs: BlobStore;
  /** Bytes that stay free in the blob store. */
  minFreeBytes: number;
  /** Runs the heavy part elsewhere. */
  run: <S extends Stage>(task: TaskOf<S>) => Promise<TaskResult<S>>;
};

/**
 * What each stage does for a video whose record says that it has begun, and the events that end it. A stage
 * that was done before, in part or in whole, goes on from what it finds.
 */
export const stageWork: {
  readonly [S in Stage]: (record: VideoRecord, tools: StageTools) => Promise<VideoEvent[]>;
} = {
  async ingest({ id, attempt, source, sha256, bytes }, { blobs, minFreeBytes, run }) {
    await needSpace(blobs, minFreeBytes + bytes);
    await run<"ingest">({ stage: "ingest", source, sha256, original: blobs.originalPath(id) });
    return [{ type: "accepted", attempt }];
  },

  async transcode({ id, attempt, bytes }, { blobs, minFreeBytes, run }) {
    let [product] = await blobs.products(id);
    if (product === undefined) {
      // The renditions together are seldom larger than the original; the intermediates are as large again.
      await needSpace(blobs, minFreeBytes + 2 * bytes);
      await blobs.dropProductsExcept(id, "none");
      product = attempt;
      await run<"transcode">({
        stage: "transcode",
        original: blobs.originalPath(id),
        out: blobs.productPath(id, product),
      });
    }
    await blobs.dropProductsExcept(id, product);
    // Nothing judges the content yet: what is encoded and verified is cleared.
    return [
      { type: "encoded", attempt, product },
      { type: "cleared", attempt },
    ];
  },

  async publish({ id, attempt, title, owner, product }, { blobs, run }) {
    const folder = blobs.productPath(id, product!);
    const { url } = await run<"publish">({ stage: "publish", video: id, attempt, title, owner, folder });
    return [{ type: "published", attempt, url }];
  },
};

async function needSpace(blobs: BlobStore, bytes: number): Promise<void> {
  const free = await blobs.free();
  if (free < bytes) throw new RejectionError("DISK_FULL", `${free} bytes are free, ${bytes} are needed`);
}
