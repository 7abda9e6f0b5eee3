import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { pipeline } from "node:stream/promises";
import { encode } from "./encode.ts";
import { type Manifest, manifestName } from "./manifest.ts";
import { moveInto, refuseForeign, workFolder } from "./output-folder.ts";
import { cuts } from "./packaging.ts";
import { type PrepareOptions, prepare } from "./prepare.ts";
import { finish } from "./product.ts";
import type { Progress } from "./progress.ts";
import { type Progressive, packageGrowing } from "./progressive.ts";
import { RejectionError } from "./rejection.ts";

export type { Progress } from "./progress.ts";

export type TranscodeOptions = PrepareOptions & {
  /** The finished folder. It appears whole or not at all. */
  out: string;
  onProgress?: ((progress: Progress) => void) | undefined;
  /** Given when segments should leave while the encode still runs; the finished folder is the same. */
  progressive?: Progressive | undefined;
};

/**
 * Makes the renditions, playlists and posters of one video file: a folder whose manifest.json names them all.
 * Whatever goes wrong, also when aborted, nothing partial is left at `out` or beside it, and no ffmpeg.
 * @throws RejectionError when the file is not taken
 * @throws TypedError OUT_NOT_EMPTY, OUT_NOT_WRITABLE, ENCODE_FAILED, ENCODE_STALLED, OUTPUT_INVALID...
 */
export async function transcode(file: string, options: TranscodeOptions): Promise<Manifest> {
  const { signal } = options;
  const progress = (stage: Progress["stage"], fraction: number) => options.onProgress?.({ stage, fraction });
  const out = resolve(options.out);
  try {
    await refuseForeign(out);
    progress("probe", 0);
    const { source, plan: decided, policy } = await prepare(file, options);
    await using work = await workFolder(out);
    progress("encode", 0);
    const product = join(work.path, "product");
    const ended = new AbortController();
    const read = options.progressive ? "while they grow" : "when they are whole";
    // All end before anything else happens: the work folder must not go while somebody writes into it.
    const [hashed, encoding, packaging] = await Promise.allSettled([
      hashOf(source.path, signal),
      encode(source, decided, { policy, folder: work.path, read, signal, progress }).finally(() =>
        ended.abort(),
      ),
      options.progressive
        ? packageGrowing(
            cuts(decided, work.path, decided.frames),
            { out: product, ended: ended.signal, signal },
            options.progressive,
          )
        : [],
    ]);
    signal?.throwIfAborted();
    if (encoding.status === "rejected") throw encoding.reason;
    if (hashed.status === "rejected") throw hashed.reason;
    if (packaging.status === "rejected") throw packaging.reason;
    const [sha256, encoded, early] = [hashed.value, encoding.value, packaging.value];
    const made = { source, sha256, plan: decided, ...encoded, early, folder: work.path, product };
    const manifest = await finish(made, policy, { signal, progress });
    await writeFile(join(product, manifestName), `${JSON.stringify(manifest, null, 2)}\n`);
    signal?.throwIfAborted();
    await moveInto(product, out, work.path);
    return manifest;
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOSPC")
      throw new RejectionError("DISK_FULL", undefined, { cause: error });
    throw error;
  }
}

async function hashOf(path: string, signal: AbortSignal | undefined): Promise<string> {
  const hash = createHash("sha256");
  await pipeline(createReadStream(path), hash, signal ? { signal } : {});
  return hash.digest("hex");
}
