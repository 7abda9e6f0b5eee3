import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { pipeline } from "node:stream/promises";
import type { Analysis } from "../analysis/analysis.ts";
import type { AnalysisInput } from "../analysis/analysis-input.ts";
import { TypedError } from "../base/typed-error.ts";
import { analysisInputOf } from "./analysis-input.ts";
import type { Progress } from "./base/progress.ts";
import { isDiskFull, RejectionError } from "./base/rejection.ts";
import { workFolder } from "./base/work-folder.ts";
import { dropParts } from "./encode/encode-parts.ts";
import { encodeAndPackage, type Workplace } from "./encode-and-package.ts";
import { openPaths } from "./gpu/acceleration.ts";
import { type Manifest, manifestName } from "./manifest.ts";
import { moveInto, refuseForeign } from "./output-folder.ts";
import type { Progressive } from "./package/progressive.ts";
import { type Prepared, type PrepareOptions, prepare } from "./prepare.ts";
import { requireSpace } from "./require-space.ts";
import { withEncoderFallback } from "./with-encoder-fallback.ts";

export type { Progress } from "./base/progress.ts";

export type TranscodeOptions = PrepareOptions & {
  /** The finished folder. It appears whole or not at all. */
  out: string;
  onProgress?: ((progress: Progress) => void) | undefined;
  /** Analyses the decoded frames; without it the manifest's `analysis` is null. */
  analyse?:
    | ((input: AnalysisInput, run: { signal: AbortSignal | undefined }) => Promise<Analysis>)
    | undefined;
  /** Given when segments should be handed on during the encode; the finished folder is the same. */
  progressive?: Progressive | undefined;
};

/**
 * Makes the renditions, playlists and posters of one video file: a folder whose manifest.json names them all.
 * On any failure, abortion included, nothing partial is left at `out` or beside it, and no ffmpeg.
 * @throws RejectionError when the file is refused
 * @throws TypedError OUT_NOT_EMPTY, OUT_NOT_WRITABLE, ENCODE_FAILED, ENCODE_STALLED, OUTPUT_INVALID, NO_SUCH_GPU...
 */
export async function transcode(file: string, options: TranscodeOptions): Promise<Manifest> {
  const { signal, progressive } = options;
  const progress = (stage: Progress["stage"], fraction: number) => options.onProgress?.({ stage, fraction });
  const out = resolve(options.out);
  try {
    await refuseForeign(out);
    progress("probe", 0);
    // The first segments should come first: parts would come whole, and several at a time.
    const policy = { ...options.policy, ...(progressive && { partsAbove: 0 }) };
    const prepared = await prepare(file, { ...options, policy });
    await using work = await workFolder(out);
    await requireSpace(prepared.plan, prepared.policy, work.path);
    const product = join(work.path, "product");
    const { manifest: made, parts } = await produce(prepared, {
      work: work.path,
      product,
      progressive,
      signal,
      progress,
    });
    if (options.analyse) progress("analyse", 0);
    const analysis = (await options.analyse?.(analysisInputOf(prepared, work.path), { signal })) ?? null;
    const manifest = { ...made, analysis };
    await writeFile(join(product, manifestName), `${JSON.stringify(manifest, null, 2)}\n`);
    signal?.throwIfAborted();
    await moveInto(product, out, work.path);
    await dropParts(parts);
    return manifest;
  } catch (error) {
    if (isDiskFull(error) && !(error instanceof TypedError))
      throw new RejectionError("DISK_FULL", undefined, { cause: error });
    throw error;
  }
}

type Production = Omit<Workplace, "onFrames">;

/** The verified product but for its manifest, by the best path through this machine. */
async function produce(prepared: Prepared, production: Production) {
  const { source, plan, policy } = prepared;
  const { signal, progress, progressive } = production;
  progress("encode", 0);
  const choice = await openPaths(plan, policy, signal);
  let frames = 0;
  // Segments that have been handed on cannot be withdrawn, and another encoder's would not match them.
  const repeatable = () => progressive === undefined || frames === 0;
  const onFrames = (written: number) => {
    frames = written;
    progress("encode", Math.min(1, written / plan.frames));
  };
  const hashing = hashOf(source.path, signal);
  const making = withEncoderFallback(
    choice,
    (path, fallbacks) =>
      encodeAndPackage({ ...prepared, path, fallbacks, hashing }, { ...production, onFrames }),
    { gpuState: policy.gpuState, repeatable, signal },
  );
  const [made] = await Promise.allSettled([making, hashing]);
  if (made.status === "rejected") throw made.reason;
  return made.value;
}

async function hashOf(path: string, signal: AbortSignal | undefined): Promise<string> {
  const hash = createHash("sha256");
  await pipeline(createReadStream(path), hash, signal ? { signal } : {});
  return hash.digest("hex");
}
