import type { VideoRecord } from "../videos/video.ts";
import type { VideoStore } from "../videos/video-store.ts";
import type { Progress } from "../videos/video-update.ts";

/** The eye does not want more, Redis neither. */
const betweenMs = 250;

/**
 * Tells the followers of a video how far its stage is: the newest progress, a few times a second.
 * @param record as the stage has begun it
 * @param onRefused called when the record has moved on without us: another attempt has taken over
 */
export function tellProgress(
  store: VideoStore,
  record: VideoRecord,
  onRefused: () => void,
): { tell: (progress: Progress) => void } & Disposable {
  let newest: Progress | undefined;
  let timer: NodeJS.Timeout | undefined;
  let open = true;

  const send = async () => {
    const progress = newest;
    newest = undefined;
    // Progress is for the eye: what a lost connection means is for the lease to say.
    const told = progress && (await store.report(record, progress).catch(() => "unknown"));
    if (!open) return;
    if (told === "refused") return onRefused();
    timer = newest || progress ? setTimeout(send, betweenMs) : undefined;
  };

  return {
    tell(progress) {
      newest = progress;
      timer ??= setTimeout(send, 0);
    },
    [Symbol.dispose]() {
      open = false;
      clearTimeout(timer);
    },
  };
}
