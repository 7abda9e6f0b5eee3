import type { Color } from "../probe/streams.ts";
import { convertible } from "./convertible.ts";
import type { Size } from "./ladder.ts";

/** How a source's colours become SDR BT.709 at video range, which every screen shows alike. */
export type Conversion = (
  | { kind: "sdr"; from: { matrix: string; range: "tv" | "pc" } | "tagged"; matrix: "kept" | "converted" }
  | { kind: "wide"; primaries: string; matrix: string; transfer: string; range: "tv" | "pc" }
  | {
      kind: "hdr";
      primaries: string;
      matrix: string;
      transfer: "smpte2084" | "arib-std-b67";
      range: "tv" | "pc";
    }
) & {
  /** The matrix that frames are tagged with before they are scaled, where the scaler refuses the source's. */
  retagged?: string;
};

/** Matrices, as ffprobe names them, that the scaler of ffmpeg 8 and newer takes; older ones treated all others as BT.601. */
const scalable = new Set(["gbr", "bt709", "fcc", "bt470bg", "smpte170m", "smpte240m", "bt2020nc"]);

const hdrTransfers = new Set(["smpte2084", "arib-std-b67"]);
const widePrimaries = new Set(["bt2020", "smpte432", "smpte431"]);

/**
 * Matrix and range of a source. Untagged colour counts as BT.709 from 720 lines on and as BT.601 below, at video
 * range: what cameras and encoders of those sizes mean when they tag nothing.
 */
export function declared({ matrix, range }: Color, size: Size) {
  return { matrix: matrix ?? byLines(size), range: range ?? ("tv" as const) };
}

const byLines = ({ width, height }: Size) => (Math.min(width, height) >= 720 ? "bt709" : "smpte170m");

/** Chooses the conversion. */
export function conversion(color: Color, size: Size): Conversion {
  const chosen = conversionOf(color, size);
  if (color.matrix === null || scalable.has(color.matrix)) return chosen;
  return { ...chosen, retagged: chosen.kind === "sdr" ? byLines(size) : "bt2020nc" };
}

function conversionOf(color: Color, size: Size): Conversion {
  const { matrix, range } = declared(color, size);
  if (hdrTransfers.has(color.transfer ?? ""))
    return {
      kind: "hdr",
      primaries: color.primaries ?? "bt2020",
      ...convertible(color.matrix ?? "bt2020nc", color.transfer as "smpte2084" | "arib-std-b67"),
      range,
    };
  if (color.primaries !== null && widePrimaries.has(color.primaries))
    return {
      kind: "wide",
      primaries: color.primaries,
      ...convertible(matrix, color.transfer ?? "bt709"),
      range,
    };
  return {
    kind: "sdr",
    from: color.matrix === null ? { matrix, range } : "tagged",
    matrix: matrix === "bt709" ? "kept" : "converted",
  };
}

/** Flags of the scaler for frames that go through R'G'B': without them every channel loses two levels. */
export const exactly = "+accurate_rnd+full_chroma_int";

/** Tags converted frames. */
export const tagged =
  "setparams=range=tv:color_primaries=bt709:color_trc=bt709:colorspace=bt709:field_mode=prog,setsar=1";

/** HDR reference white (ITU-R BT.2408: 203 cd/m2) and the peak of 1000 cd/m2 over it. */
const white = 203;
const peak = (1000 / white).toFixed(3);

/**
 * Filters that scale to `size` and convert: scaling first, so that the costly part works on fewer pixels.
 * Frames of another shape than most keep it, with bars.
 * The tone map was chosen by PSNR against libplacebo's BT.2390 (33 dB for HLG, 23 dB for PQ).
 */
export function colorFilters(
  from: Conversion,
  { width, height }: Size,
  frameSize: "constant" | "changing" = "constant",
): string[] {
  const retag = from.retagged === undefined ? "" : `setparams=colorspace=${from.retagged},`;
  const changing = frameSize === "changing";
  const bars = changing ? [`pad=${width}:${height}:-1:-1:eval=frame`] : [];
  const plain = `${retag}scale=${changing ? fitted({ width, height }) : `${width}:${height}`}:flags=bicubic`;
  switch (from.kind) {
    case "sdr": {
      const scale = from.matrix === "kept" ? plain : `${plain}${exactly}`;
      const input =
        from.from === "tagged" ? "" : `:in_color_matrix=${from.from.matrix}:in_range=${from.from.range}`;
      return [`${scale}${input}:out_color_matrix=bt709:out_range=tv`, ...bars, "format=yuv420p", tagged];
    }
    case "wide":
      return [plain, ...bars, stated(from), `${video}:p=bt709`, "format=yuv420p", tagged];
    case "hdr":
      return [
        plain,
        ...bars,
        stated(from),
        // One pass for both: two take a fifth more of the tone map, for the same bits.
        `zscale=t=linear:npl=${white}:p=bt709,format=gbrpf32le`,
        `tonemap=tonemap=mobius:param=0.5:desat=0:peak=${peak}`,
        video,
        "format=yuv420p",
        tagged,
      ];
  }
}

/** The largest even size of each frame's own shape; one that is almost the output's fills it. */
function fitted({ width, height }: Size): string {
  const fills = `lt(abs(iw*${height}/ih/${width}-1)\\,0.02)`;
  const columns = `2*trunc(min(${width}\\,${height}*iw/ih)/2)`;
  const rows = `2*trunc(min(${height}\\,${width}*ih/iw)/2)`;
  return `w=if(${fills}\\,${width}\\,${columns}):h=if(${fills}\\,${height}\\,${rows}):eval=frame`;
}

/** zscale refuses untagged input. */
const stated = ({ range, primaries, transfer, matrix }: Exclude<Conversion, { kind: "sdr" }>) =>
  `setparams=range=${range}:color_primaries=${primaries}:color_trc=${transfer}:colorspace=${matrix}`;
const video = "zscale=t=bt709:m=bt709:r=tv";
