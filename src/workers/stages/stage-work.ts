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
  /** `on`: only videos with a verdict are cleared. */
  moderation: "on" | "off";
  reportPostStatus: ReportPostStatus;
  /** Called for failures that a later stage makes up for. */
  warn: (why: string) => void;
  /** Runs the heavy part in a child process. */
  run: <S extends Stage>(task: TaskOf<S>) => Promise<TaskResult<S>>;
};

/**
 * What each stage does with a video after its record has entered the stage, and the events that end it. A stage that was
 * done before, in part or as a whole, continues from what it finds.
 */
export const stageWork: {
  readonly [S in Stage]: (record: VideoRecord, dependencies: StageDependencies) => Promise<VideoEvent[]>;
} = {
  async ingest({ id, attempt, source, sha256, bytes }, { blobs, minFreeBytes, run }) {
    await requireSpace(blobs, minFreeBytes + bytes);
    await run<"ingest">({ stage: "ingest", source, sha256, original: blobs.originalPath(id) });
    return [{ type: "accepted", attempt }];
  },

  async transcode(record, { blobs, minFreeBytes, moderation, reportPostStatus, warn, run }) {
    const { id, attempt, bytes } = record;
    // A status that cannot be set now is set by the next stages, before anything is public.
    const tryToReport = (status: PostStatus) =>
      reportPostStatus(record, status).catch((error: Error) => warn(error.message));
    await tryToReport("Transcoding");
    const read = (product: number) => readManifest(blobs.productPath(id, product));
    const { oldestProduct = 0 } = record;
    let product = (await blobs.products(id)).find((made) => made >= oldestProduct);
    let manifest = product === undefined ? undefined : await read(product);
    if (product === undefined || manifest === undefined || !judged(manifest, moderation)) {
      // The renditions together are rarely larger than the original; the intermediates are as large again.
      await requireSpace(blobs, minFreeBytes + 2 * bytes);
      await requireOriginal(blobs, id);
      await blobs.dropProductsExcept(id, "none");
      product = attempt;
      await run<"transcode">({
        stage: "transcode",
        original: blobs.originalPath(id),
        out: blobs.productPath(id, product),
      }).catch(async (error) => {
        // What went away in the meantime is no fault of the video.
        await requireOriginal(blobs, id);
        throw error;
      });
      manifest = await read(product);
    }
    await blobs.dropProductsExcept(id, product);
    const encoded: VideoEvent = { type: "encoded", attempt, product };
    if (!judged(manifest, moderation))
      throw new TypedError("NOT_MODERATED", "moderation is on, and the content was not judged");
    const verdict = verdictEvent(manifest.analysis, record, moderation);
    if (verdict.type === "banned") await reportPostStatus(record, "BannedForExplicitness");
    else await tryToReport("CheckingExplicitness");
    return [encoded, verdict];
  },

  async publish(record, { blobs, reportPostStatus, run }) {
    const { id, attempt, title, owner, product } = record;
    // A post that was deleted or banned in the meantime refuses this before anything is public.
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

/** A product that was made while moderation was off is made again: its frames are gone. */
const judged = ({ analysis }: Manifest, moderation: "on" | "off") =>
  moderation === "off" || analysis !== null;

/** A moderator's decision takes precedence over the analysis. */
function verdictEvent(
  analysis: Analysis | null,
  record: Pick<VideoRecord, "attempt" | "decisions">,
  mode: "on" | "off",
): VideoEvent {
  const { attempt } = record;
  if (analysis === null) return { type: "cleared", attempt };
  const { verdict, explicit, banScore } = analysis.moderation;
  const moderation = { verdict, explicit };
  if (verdict !== "banned" || mode === "off" || isCleared(record))
    return { type: "cleared", attempt, moderation };
  const message = `its explicitness is ${explicit}, and ${banScore} is banned`;
  return { type: "banned", reason: { code: "EXPLICIT", message }, moderation };
}

/** @throws TypedError BLOBS_MISSING, BLOBS_DIFFERENT: the host is at fault; ORIGINAL_MISSING */
async function requireOriginal(blobs: BlobStore, id: string): Promise<void> {
  if (await blobs.hasOriginal(id)) return;
  await blobs.check();
  throw new TypedError("ORIGINAL_MISSING", `the original of video ${id} is gone`);
}

async function requireSpace(blobs: BlobStore, bytes: number): Promise<void> {
  const free = await blobs.free();
  if (free < bytes) throw new RejectionError("DISK_FULL", `${free} bytes are free, ${bytes} are needed`);
}
