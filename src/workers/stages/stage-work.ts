import type { Analysis } from "../../analysis/analysis.ts";
import { TypedError } from "../../base/typed-error.ts";
import type { PostStatus } from "../../ic/canisters/post-status-client.ts";
import { RejectionError } from "../../transcode/base/rejection.ts";
import { type Manifest, readManifest } from "../../transcode/manifest.ts";
import type { BlobStore } from "../../videos/blob-store.ts";
import type { VideoEvent } from "../../videos/transition.ts";
import { isCleared, type Stage, type VideoRecord } from "../../videos/video.ts";
import type { ReportPostStatus } from "../report-post-status.ts";
import type { TaskOf, TaskResult } from "../tasks/task.ts";

export type StageDependencies = {
  blobs: BlobStore;
  /** Bytes that stay free in the blob store. */
  minFreeBytes: number;
  /** `on`: without a verdict nothing is cleared. */
  moderation: "on" | "off";
  reportPostStatus: ReportPostStatus;
  /** Told of what is made up for later. */
  warn: (why: string) => void;
  /** Runs the heavy part elsewhere. */
  run: <S extends Stage>(task: TaskOf<S>) => Promise<TaskResult<S>>;
};

/**
 * What each stage does for a video whose record says that it has begun, and the events that end it. A stage
 * that was done before, in part or in whole, goes on from what it finds.
 */
export const stageWork: {
  readonly [S in Stage]: (record: VideoRecord, tools: StageDependencies) => Promise<VideoEvent[]>;
} = {
  async ingest({ id, attempt, source, sha256, bytes }, { blobs, minFreeBytes, run }) {
    await needSpace(blobs, minFreeBytes + bytes);
    await run<"ingest">({ stage: "ingest", source, sha256, original: blobs.originalPath(id) });
    return [{ type: "accepted", attempt }];
  },

  async transcode(record, { blobs, minFreeBytes, moderation, reportPostStatus, warn, run }) {
    const { id, attempt, bytes } = record;
    // What cannot be told now is told by the stages that follow, before anything is public.
    const mention = (status: PostStatus) =>
      reportPostStatus(record, status).catch((error: Error) => warn(error.message));
    await mention("Transcoding");
    const read = (product: number) => readManifest(blobs.productPath(id, product));
    let [product] = await blobs.products(id);
    let manifest = product === undefined ? undefined : await read(product);
    if (product === undefined || manifest === undefined || !judged(manifest, moderation)) {
      // The renditions together are seldom larger than the original; the intermediates are as large again.
      await needSpace(blobs, minFreeBytes + 2 * bytes);
      await blobs.dropProductsExcept(id, "none");
      product = attempt;
      await run<"transcode">({
        stage: "transcode",
        original: blobs.originalPath(id),
        out: blobs.productPath(id, product),
      });
      manifest = await read(product);
    }
    await blobs.dropProductsExcept(id, product);
    const encoded: VideoEvent = { type: "encoded", attempt, product };
    if (!judged(manifest, moderation))
      throw new TypedError("NOT_MODERATED", "moderation is on, and nobody has judged the content");
    const verdict = verdictEvent(manifest.analysis, record, moderation);
    if (verdict.type === "banned") await reportPostStatus(record, "BannedForExplicitness");
    else await mention("CheckingExplicitness");
    return [encoded, verdict];
  },

  async publish(record, { blobs, reportPostStatus, run }) {
    const { id, attempt, title, owner, product } = record;
    // A post that was deleted or banned meanwhile says so before anything is public.
    await reportPostStatus(record, "CheckingExplicitness");
    const folder = blobs.productPath(id, product!);
    const { url } = await run<"publish">({
      ...{ stage: "publish", video: id, attempt, title, owner, folder },
      ...(isCleared(record) ? { moderation: "safe" } : {}),
    });
    await reportPostStatus(record, "ReadyToView");
    return [{ type: "published", attempt, url }];
  },
};

/** A product of a time without moderation is made again: its frames are gone. */
const judged = ({ analysis }: Manifest, moderation: "on" | "off") =>
  moderation === "off" || analysis !== null;

/** A moderator's word counts for more than the network's. */
function verdictEvent(
  analysis: Analysis | null,
  record: Pick<VideoRecord, "attempt" | "decisions">,
  switched: "on" | "off",
): VideoEvent {
  const { attempt } = record;
  if (analysis === null) return { type: "cleared", attempt };
  const { verdict, explicit, banScore } = analysis.moderation;
  const moderation = { verdict, explicit };
  if (verdict !== "banned" || switched === "off" || isCleared(record))
    return { type: "cleared", attempt, moderation };
  const message = `its explicitness is ${explicit}, and ${banScore} is banned`;
  return { type: "banned", reason: { code: "EXPLICIT", message }, moderation };
}

async function needSpace(blobs: BlobStore, bytes: number): Promise<void> {
  const free = await blobs.free();
  if (free < bytes) throw new RejectionError("DISK_FULL", `${free} bytes are free, ${bytes} are needed`);
}
