import { join } from "node:path";
import { graphValue } from "../base/ffmpeg.ts";
import type { Color } from "../probe/streams.ts";
import { convertible } from "./convertible.ts";
import type { Size } from "./ladder.ts";
import { type ToneMap, toneMapName } from "./tone-map.ts";

/** How a source's colours become SDR BT.709 at video range, which every screen shows alike. */
export type Conversion = (
  | { kind: "sdr"; from: { matrix: string; range: "tv" | "pc" } | "tagged"; matrix: "kept" | "converted" }
  | { kind: "wide"; primaries: string; matrix: string; transfer: string; range: "tv" | "pc" }
  | {
      kind: "hdr";
      primaries: string;
      matrix: string;
      transfer: ToneMap["transfer"];
      range: "tv" | "pc";
      /** Of the table that maps its light: the file that `storeToneMap` writes. */
      table: string;
      /** The brightest light, in cd/m2. */
      peak: number;
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

/**
 * Chooses the conversion.
 * @param toneMaps the folder of the tables
 */
export function conversion(color: Color, size: Size, toneMaps: string): Conversion {
  const chosen = conversionOf(color, size, toneMaps);
  if (color.matrix === null || scalable.has(color.matrix)) return chosen;
  return { ...chosen, retagged: chosen.kind === "sdr" ? byLines(size) : "bt2020nc" };
}

/** In cd/m2: what HLG displays are defined for and most PQ masters are made on. */
const usualPeak = 1000;

/** Of PQ, as the source states it, in steps of 100; a value that no master has is a mistake. HLG is relative. */
const peakOf = ({ transfer, peak }: Color): number =>
  transfer === "smpte2084" && peak !== undefined && peak >= 400 && peak <= 10_000
    ? Math.round(peak / 100) * 100
    : usualPeak;

function conversionOf(color: Color, size: Size, toneMaps: string): Conversion {
  const { matrix, range } = declared(color, size);
  if (hdrTransfers.has(color.transfer ?? "")) {
    const signal = convertible(color.matrix ?? "bt2020nc", color.transfer as ToneMap["transfer"]);
    const map = { transfer: signal.transfer, primaries: color.primaries ?? "bt2020", peak: peakOf(color) };
    return { kind: "hdr", ...signal, ...map, range, table: join(toneMaps, `${toneMapName(map)}.cube`) };
  }
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

/**
 * Filters that scale to `size` and convert: scaling first, so that the costly part works on fewer pixels.
 * Frames of another shape than most keep it, with bars.
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
        "zscale=m=gbr:r=pc,format=gbrp10le",
        `lut3d=file=${graphValue(from.table)}`,
        // What the table gives; only the matrix is left to change.
        "setparams=color_primaries=bt709:color_trc=bt709",
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
