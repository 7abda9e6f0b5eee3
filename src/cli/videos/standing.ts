import type { VideoRecord } from "../../videos/video.ts";
import { lackOf } from "../../workers/failure-action.ts";

const lackNames = {
  disk: "disk space",
  blobs: "the blob store",
  network: "the network",
  redis: "Redis",
} as const;

/** What a video waits for and since when, or how it ended. */
export function standing({ waiting, reason, url }: VideoRecord): string {
  if (waiting === undefined) return reason ? `${reason.code}: ${reason.message}` : (url ?? "");
  return `waiting for ${awaited(waiting)} since ${minute(waiting.since)}: ${waiting.message}`;
}

/** What videos that wait with this code wait for, in words. */
export function awaited(waiting: { code: string }): string {
  const lack = lackOf(waiting);
  return lack === undefined ? waiting.code : lackNames[lack];
}

/** @param time milliseconds since 1970 */
export const minute = (time: number) => `${new Date(time).toISOString().slice(0, 16).replace("T", " ")} UTC`;
