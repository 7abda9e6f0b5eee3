import { resolve } from "node:path";
import { type Limits, limitsOf, type Policy, policyOf, TranscodeSettings } from "./base/settings.ts";
import { type CaptionFile, type Captions, readCaptionFiles } from "./captions/captions.ts";
import type { Loudness } from "./plan/loudness.ts";
import { measure } from "./plan/measure.ts";
import { type EncodePlan, plan } from "./plan/plan.ts";
import { probe } from "./probe/probe.ts";
import { type Source, screen } from "./probe/screen.ts";
import { storeToneMap } from "./store-tone-map.ts";

/** What is decided about a file before anything of it is encoded. */
export type Prepared = {
  source: Source;
  plan: EncodePlan;
  policy: Policy;
  /** Of the source's sound; null without one. */
  loudness: Loudness | null;
  /** Read from files beside the video. */
  captions: Captions[];
};

export type PrepareOptions = {
  signal?: AbortSignal | undefined;
  policy?: Partial<Policy> | undefined;
  limits?: Partial<Limits> | undefined;
  /** WebVTT and SRT files beside the video. */
  captions?: readonly CaptionFile[] | undefined;
};

/**
 * Probes a file, screens it, measures its sound and excerpts of its picture, and plans its encode. Writes nothing
 * but the table of an HDR source.
 * @throws RejectionError when the file is not taken
 * @throws TypedError FFMPEG_MISSING, CAPTIONS_INVALID
 */
export async function prepare(file: string, options: PrepareOptions): Promise<Prepared> {
  const defaults = TranscodeSettings.parse({});
  const policy = { ...policyOf(defaults), ...options.policy };
  const limits = { ...limitsOf(defaults), ...options.limits };
  const { signal } = options;
  const captions = await readCaptionFiles(options.captions ?? []);
  const source = screen(await probe(resolve(file), { ...limits, reading: policy.reading, signal }), limits);
  // How hard a clip is does not depend on the codec.
  const draft = plan(source, { ...policy, codecs: ["h264"] });
  await storeToneMap(draft.video.conversion);
  const measured = await measure(source, draft, { ...policy, signal });
  return { source, plan: plan(source, policy, measured), policy, loudness: measured.loudness, captions };
}
