import { rm } from "node:fs/promises";
import { TypedError } from "../base/typed-error.ts";
import { assembleOutput } from "./assemble-output.ts";
import type { Reporting } from "./base/progress.ts";
import { isDiskFull } from "./base/rejection.ts";
import { extractCaptions } from "./captions/captions.ts";
import { encode } from "./encode/encode.ts";
import { dropParts } from "./encode/encode-parts.ts";
import { describeEncoder, type EncodePath, type Fallback } from "./gpu/encode-path.ts";
import type { Manifest } from "./manifest.ts";
import { growingPlaylists } from "./package/growing-playlists.ts";
import type { Track } from "./package/package.ts";
import { cuts } from "./package/packaging.ts";
import { type Progressive, packageGrowing } from "./package/progressive.ts";
import type { EncodePlan } from "./plan/plan.ts";
import type { Prepared } from "./prepare.ts";

export type Attempt = Prepared & {
  path: EncodePath;
  fallbacks: readonly Fallback[];
  /** Of the source, in hexadecimal. */
  hashing: Promise<string>;
};

export type Workplace = Reporting & {
  /** Folder of the intermediates. */
  work: string;
  /** Folder that becomes the product. */
  product: string;
  progressive: Progressive | undefined;
  /** Frames encoded so far. */
  onFrames: (frames: number) => void;
};

/**
 * Takes one path from the source to the verified product, replacing what an earlier attempt left.
 * @returns also the folders of parts that are not needed once the product is in place
 * @throws RejectionError and TypedError as `encode` and `assembleOutput`; the signal's reason when it is aborted
 */
export async function encodeAndPackage(
  { source, plan, policy, captions, path, fallbacks, hashing }: Attempt,
  { work, product, progressive, signal, progress, onFrames }: Workplace,
): Promise<{ manifest: Manifest; parts: readonly string[] }> {
  await rm(product, { recursive: true, force: true });
  const ended = new AbortController();
  // Both end before anything else happens: the work folder must not be removed while something writes into it.
  const [encoding, packaging] = await Promise.allSettled([
    encode(source, plan, path, { policy, folder: work, hashing, signal, onFrames }).finally(() =>
      ended.abort(),
    ),
    progressive ? packageEarly(plan, progressive, { work, out: product, ended: ended.signal, signal }) : [],
  ]);
  signal?.throwIfAborted();
  if (encoding.status === "rejected") throw encoding.reason;
  if (packaging.status === "rejected") throw packaging.reason;
  const encoder = { ...describeEncoder(plan, path), fallbacks: [...fallbacks] };
  const sha256 = await hashing;
  const inside = await extractCaptions(source, { folder: work, policy, signal });
  const made = {
    source,
    sha256,
    plan,
    ...encoding.value,
    captions: [...captions, ...inside.captions],
    lostCaptions: [...source.lostCaptions, ...inside.lost],
    encoder,
    early: packaging.value,
  };
  const parts = plan.parts.length === 1 ? [] : encoding.value.parts;
  try {
    const manifest = await assembleOutput({ ...made, folder: work, product }, policy, { signal, progress });
    return { manifest, parts };
  } catch (error) {
    // A later attempt must not find parts that could not be joined; and a full disk needs the space.
    if (error instanceof TypedError || isDiskFull(error)) await dropParts(parts);
    throw error;
  }
}

/** Packages while the encode runs, and keeps the playlists up with it. */
async function packageEarly(
  plan: EncodePlan,
  progressive: Progressive,
  { work, ...options }: { work: string; out: string; ended: AbortSignal; signal: AbortSignal | undefined },
): Promise<Track[]> {
  const { onSegment, onPlaylist } = progressive;
  const playlists = onPlaylist && growingPlaylists(plan, onPlaylist);
  const tracks = await packageGrowing(
    cuts(plan, { folder: work, parts: [work], frames: plan.frames }),
    options,
    {
      ...progressive,
      onSegment: (segment) => {
        onSegment(segment);
        playlists?.add(segment);
      },
    },
  );
  playlists?.end();
  return tracks;
}
