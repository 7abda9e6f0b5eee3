import { type Codec, codecs } from "../../src/transcode/base/codec.ts";
import { policyOf, TranscodeSettings } from "../../src/transcode/base/settings.ts";
import type { Card, EncodePath, PathName } from "../../src/transcode/gpu/encode-path.ts";
import { assumed } from "../../src/transcode/gpu/gpu-capabilities.ts";
import { type EncodePlan, plan } from "../../src/transcode/plan/plan.ts";
import type { Source } from "../../src/transcode/probe/screen.ts";

/** A GPU that can do everything, the second of its machine. */
const card: Card = {
  device: 1,
  uuid: null,
  can: { ...assumed, filters: { transpose: true, tonemap: true, deinterlace: "bwdif_cuda" } },
};

/** @param onCard what the card encodes, where it encodes at all */
export function pathOf(name: PathName, onCard: readonly Codec[] = codecs): EncodePath {
  if (name === "software") return { name };
  return name === "nvdec" ? { name, card } : { name, card, codecs: onCard };
}

export const policyFor = (ladder: string) => ({
  ...policyOf(TranscodeSettings.parse({ KILN_LADDER: ladder })),
  toneMaps: "/maps",
});

/** A source's plan with every rendition in one codec. */
export function planIn(codec: Codec, source: Source, ladder: string): EncodePlan {
  const decided = plan(source, policyFor(ladder));
  return { ...decided, renditions: decided.renditions.map((rendition) => ({ ...rendition, codec })) };
}

/** Colours of a source as a phone films them in HDR. */
export const hlg = {
  codec: "hevc",
  pixelFormat: "yuv420p10le",
  color: { matrix: "bt2020nc", transfer: "arib-std-b67", primaries: "bt2020", range: "tv" },
} as const;
