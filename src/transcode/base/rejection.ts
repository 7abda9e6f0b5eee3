import { TypedError } from "../../base/typed-error.ts";

type Rejection = { readonly final: boolean; readonly say: string };

/**
 * Why a video is not taken. `final`: the same file will be refused again, so nobody should retry;
 * `say`: what the sender (or the operator) can do.
 */
export const rejections = {
  FILE_NOT_FOUND: { final: true, say: "there is no such file, or it may not be read: check the path" },
  NOT_A_FILE: { final: true, say: "this is not a regular file: name one video file" },
  EMPTY_FILE: { final: true, say: "the file is empty: upload it again" },
  NOT_A_VIDEO: { final: true, say: "the file is not a video in a format that Kiln reads" },
  FORBIDDEN_CONTAINER: { final: true, say: "the file only names other files: upload the video itself" },
  NO_VIDEO_STREAM: { final: true, say: "the file has no video stream" },
  NO_FRAMES: { final: true, say: "the file declares a video stream but holds no frame of it" },
  TRUNCATED: { final: true, say: "the file ends early: upload it again" },
  CORRUPT: { final: true, say: "the file is damaged: most of it cannot be decoded" },
  TOO_LARGE: { final: true, say: "the video is larger than this service takes" },
  TOO_FAST: { final: true, say: "the video has more frames a second than this service takes" },
  TOO_MANY_STREAMS: { final: true, say: "the file has more streams than this service takes" },
  TOO_LONG: { final: true, say: "the video is longer than this service takes" },
  TOO_SHORT: { final: true, say: "the video is shorter than this service takes" },
  UNSUPPORTED_CODEC: { final: true, say: "the video's codec cannot be decoded here: convert it to H.264" },
  DISK_FULL: { final: false, say: "this host is out of disk space: free some, then try again" },
} as const satisfies Record<string, Rejection>;

export type RejectionCode = keyof typeof rejections;

/** A video that is not taken: `code`, whether that is `final`, and a sentence for its sender. */
export class RejectionError extends TypedError {
  constructor(code: RejectionCode, detail?: string, options: { cause?: unknown } = {}) {
    const { final, say } = rejections[code];
    super(code, detail === undefined ? say : `${say} (${detail})`, { final, ...options });
  }
}

/** Whether something failed because a disk has no space left. */
export const isDiskFull = (error: unknown): boolean =>
  error instanceof TypedError
    ? error.code === "DISK_FULL"
    : error instanceof Error && "code" in error && error.code === "ENOSPC";
