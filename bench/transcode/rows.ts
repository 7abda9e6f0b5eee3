import { type Costs, transcodeCosts } from "./costs.ts";
import { type Memory, memory } from "./memory.ts";
import { type Quality, quality } from "./quality.ts";

type Row = [what: string, measured: string, ratio: string, target: string];

/** Everything that `kiln bench transcode` measures. */
export async function transcodeRows(media: string, { runs }: { runs: number }): Promise<Row[]> {
  const { sdr, hdr } = await transcodeCosts(media, { runs });
  return [
    ...costRows("SDR", sdr),
    ...costRows("HDR", hdr),
    memoryRow(await memory(media)),
    ...(await quality(media)).map(qualityRow),
  ];
}

function costRows(clip: "SDR" | "HDR", costs: Costs): Row[] {
  const {
    kiln,
    fullVerification,
    perTitle,
    handTuned,
    peerTube,
    peerTubeToneMapped,
    peerTubeToneMappedSmall,
  } = costs;
  const made = kiln.encode + kiln.package;
  const all = kiln.start + kiln.probe + made + kiln.pictures + kiln.verify;
  const beside = (what: string, ours: number, theirs: number, target: string): Row => [
    `${clip}: ${what}`,
    `${ours.toFixed(1)} / ${theirs.toFixed(1)} CPU s`,
    (ours / theirs).toFixed(3),
    target,
  ];
  return [
    beside("encode and package / one hand-tuned ffmpeg", made, handTuned, "at most 1.05"),
    beside("all of kiln transcode / one hand-tuned ffmpeg", all, handTuned, "at most 1.25"),
    beside(
      "one ffmpeg a rendition with PeerTube's arguments / encode and package",
      peerTube,
      made,
      clip === "SDR" ? "at least 1.1" : "it does not tone-map",
    ),
    ...(peerTubeToneMapped === null || peerTubeToneMappedSmall === null
      ? []
      : [
          beside(
            "the same, tone-mapped before its scaler / encode and package",
            peerTubeToneMapped,
            made,
            "at least 2",
          ),
          beside(
            "the same, tone-mapped at each size / encode and package",
            peerTubeToneMappedSmall,
            made,
            "",
          ),
        ]),
    beside("default verification / encode", kiln.verify, kiln.encode, "at most 0.08"),
    beside("full verification / encode", fullVerification, kiln.encode, "at most 0.20"),
    beside("per-title probe / encode", perTitle, kiln.encode, "apart, off by default"),
    beside("probe and loudness / encode", kiln.start + kiln.probe, kiln.encode, ""),
    beside("pictures / encode", kiln.pictures, kiln.encode, ""),
  ];
}

function memoryRow(memories: Memory): Row {
  const [short, long] = [memories[0]!, memories.at(-1)!];
  const megabytes = (bytes: number) => (bytes / 1e6).toFixed(0);
  return [
    `peak memory, ${long.seconds} s / ${short.seconds} s`,
    `${megabytes(long.peak)} / ${megabytes(short.peak)} MB`,
    (long.peak / short.peak).toFixed(2),
    "flat",
  ];
}

function qualityRow({ rendition, kiln, peerTube }: Quality): Row {
  const both = (key: "ssim" | "psnr", digits: number) =>
    `${kiln[key].toFixed(digits)} / ${peerTube[key].toFixed(digits)}`;
  return [
    `${rendition} at ${Math.round(kiln.bitrate / 1000)} kbit/s, Kiln / PeerTube's arguments`,
    `SSIM ${both("ssim", 4)}, PSNR ${both("psnr", 2)} dB`,
    `${(kiln.psnr - peerTube.psnr).toFixed(2)} dB`,
    "0 or more",
  ];
}
