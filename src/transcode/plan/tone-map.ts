/** How HDR signals become SDR: everything that the table depends on. */
export type ToneMap = {
  transfer: "smpte2084" | "arib-std-b67";
  /** As ffprobe names them. */
  primaries: string;
  /** The brightest light of the clip, in cd/m2. */
  peak: number;
};

type Rgb = [number, number, number];

/**
 * Points along each axis. Between them ffmpeg interpolates. Over all colours that a source can have, that is off by .1 level of
 * 8 bits in the median, .6 (HLG) and .9 (PQ) on average, and more than 3 in the 5 % that lie at the edge of BT.709. With 65
 * points it is a third of that, but ffmpeg takes .2 s longer to start.
 */
const points = 33;

/** Of the file, without its extension. */
export const toneMapName = ({ transfer, primaries, peak }: ToneMap) => `${transfer}-${primaries}-${peak}`;

/**
 * The conversion as a table for ffmpeg's `lut3d`: from R'G'B' of the source to R'G'B' in BT.709, both from 0 to 1. Light is
 * taken over the reference white, brought to BT.709's primaries, and compressed by its brightest channel, which keeps the hue.
 * A table costs as much as zscale's approximation, which applies HLG's system gamma to each channel by itself and so is 14
 * levels off where colours are strong; computing it exactly for each pixel takes twice as long.
 * @source ITU-R BT.2100 (HLG with the OOTF for 1,000 cd/m2, PQ), BT.2408 (reference white), BT.1886; Reinhard et al.,
 *   "Photographic tone reproduction for digital images", 2002, equation 4
 */
export function toneMapTable({ transfer, primaries, peak }: ToneMap): string {
  const light = transfer === "arib-std-b67" ? hlgLight : pqLight;
  const toBt709 = matrices[primaries] ?? matrices.bt2020!;
  const axis = Array.from({ length: points }, (_, index) => index / (points - 1));
  const lines = axis.flatMap((blue) =>
    axis.flatMap((green) =>
      axis.map((red) => {
        const mapped = compressed(times(toBt709, light([red, green, blue])), peak / white);
        return mapped.map((value) => encoded(value).toFixed(5)).join(" ");
      }),
    ),
  );
  return `LUT_3D_SIZE ${points}\n${lines.join("\n")}\n`;
}

/** cd/m2. @source ITU-R BT.2408 */
const white = 203;

/** From linear R, G, B to BT.709's. @source ITU-R BT.2087; SMPTE EG 432-1 */
const matrices: Readonly<Record<string, readonly [Rgb, Rgb, Rgb]>> = {
  bt709: [
    [1, 0, 0],
    [0, 1, 0],
    [0, 0, 1],
  ],
  bt2020: [
    [1.6605, -0.5876, -0.0728],
    [-0.1246, 1.1329, -0.0083],
    [-0.0182, -0.1006, 1.1187],
  ],
  smpte432: [
    [1.2249, -0.2247, 0],
    [-0.042, 1.0419, 0],
    [-0.0197, -0.0786, 1.0979],
  ],
};

const times = (rows: readonly Rgb[], [r, g, b]: Rgb) => rows.map(([x, y, z]) => x * r + y * g + z * b) as Rgb;

/** Over the reference white, on a display of 1,000 cd/m2. */
function hlgLight(signal: Rgb): Rgb {
  const [a, b, c] = [0.17883277, 0.28466892, 0.55991073];
  const [red, green, blue] = signal.map((value) =>
    value <= 0.5 ? value ** 2 / 3 : (Math.exp((value - c) / a) + b) / 12,
  ) as Rgb;
  const luminance = 0.2627 * red + 0.678 * green + 0.0593 * blue;
  const scale = (1000 / white) * luminance ** 0.2;
  return [scale * red, scale * green, scale * blue];
}

function pqLight(signal: Rgb): Rgb {
  const [m1, m2, c1, c2, c3] = [2610 / 16384, 2523 / 32, 3424 / 4096, 2413 / 128, 2392 / 128];
  return signal.map((value) => {
    const power = value ** (1 / m2);
    return (10_000 / white) * (Math.max(0, power - c1) / (c2 - c3 * power)) ** (1 / m1);
  }) as Rgb;
}

/** What is as bright as the peak becomes 1. */
function compressed(light: Rgb, peak: number): Rgb {
  const brightest = Math.max(...light);
  if (brightest <= 0) return [0, 0, 0];
  const scale = (1 + brightest / peak ** 2) / (1 + brightest);
  return light.map((value) => value * scale) as Rgb;
}

/** ITU-R BT.1886, as displays of BT.709 decode it. */
const encoded = (light: number) => Math.min(1, Math.max(0, light)) ** (1 / 2.4);
