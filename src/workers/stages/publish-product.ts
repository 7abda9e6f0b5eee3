import { gatewayUrl } from "@kiln/client/network/gateway-url";
import { connect } from "../../ic/canisters/connection.ts";
import type { IcSettings } from "../../ic/network/settings.ts";
import { publishVideo, videoUploadId } from "../../ic/publish/publish.ts";
import { allocateBucket } from "../../ic/upload/allocate-bucket.ts";
import type { UploadProgress } from "../../ic/upload/upload-meter.ts";
import type { Progress } from "../../videos/video-update.ts";
import type { TaskControl } from "../tasks/serve-task.ts";
import type { TaskOf, TaskResult } from "../tasks/task.ts";
import { productSizes, readPublication } from "./publication.ts";

/** Publishes a finished product on the network that the settings name. Without an owner it belongs to the publisher. */
export async function publishProduct(
  { video, attempt, owner, title, folder, moderation }: TaskOf<"publish">,
  { signal, onProgress }: TaskControl,
  settings: IcSettings,
): Promise<TaskResult<"publish">> {
  const { host, principal, buckets, index } = await connect(settings);
  const publication = await readPublication(folder, {
    ...{ id: video, attempt, owner: owner ?? principal, title },
    ...(moderation === undefined ? {} : { moderation }),
  });
  const storage = await allocateBucket({
    buckets,
    uploadId: videoUploadId(video),
    bytes: sum((await productSizes(folder, publication)).values()),
    known: (await index.get(video, { signal }))?.storage,
    signal,
  });
  const { entry } = await publishVideo({
    storage,
    index,
    publication,
    folder,
    signal,
    onProgress: (upload) => onProgress(progressOf(upload)),
  });
  return { url: gatewayUrl(host, storage.canisterId, entry.player) };
}

function sum(numbers: Iterable<number>): number {
  let total = 0;
  for (const number of numbers) total += number;
  return total;
}

function progressOf({ phase, sentBytes, totalBytes }: UploadProgress): Progress {
  if (phase === "send") return { stage: "upload", fraction: totalBytes === 0 ? 1 : sentBytes / totalBytes };
  return { stage: "commit", fraction: phase === "done" ? 1 : 0 };
}
