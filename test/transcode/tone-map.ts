import type { SmallFrame } from "./small-frames.ts";

type Rgb = [number, number, number];

/**
 * HDR in BT.2020 to SDR in BT.709 as the standards' formulas give it, written down apart from the product: display
 * light over the reference white of 203 cd/m2, BT.709 primaries, Reinhard's compression of what there is up to 1000 cd/m2, by
 * the brightest channel, BT.1886.
 * @source ITU-R BT.2100 (HLG with its OOTF for 1000 cd/m2, PQ), BT.2087, BT.2408; Reinhard et al. 2002, equation 4
 */
export function toneMapped(frame: SmallFrame, transfer: "hlg" | "pq"): SmallFrame {
  const light = transfer === "hlg" ? hlgLight : pqLight;
  return { ...frame, patches: frame.patches.map((patch) => encoded(compressed(narrowed(light(patch))))) };
}

const white = 203;
const peak = 1000 / white;

function hlgLight(patch: Rgb): Rgb {
  const [a, b, c] = [0.17883277, 0.28466892, 0.55991073];
  const scene = patch.map((value) =>
    value <= 0.5 ? value ** 2 / 3 : (Math.exp((value - c) / a) + b) / 12,
  ) as Rgb;
  const brightness = 0.2627 * scene[0] + 0.678 * scene[1] + 0.0593 * scene[2];
  return scene.map((value) => peak * brightness ** 0.2 * value) as Rgb;
}

function pqLight(patch: Rgb): Rgb {
  const [m1, m2, c1, c2, c3] = [2610 / 16384, 2523 / 32, 3424 / 4096, 2413 / 128, 2392 / 128];
  return patch.map((value) => {
    const power = value ** (1 / m2);
    return (10_000 / white) * (Math.max(0, power - c1) / (c2 - c3 * power)) ** (1 / m1);
  }) as Rgb;
}

const narrowed = ([r, g, b]: Rgb): Rgb => [
  1.6605 * r - 0.5876 * g - 0.0728 * b,
  -0.1246 * r + 1.1329 * g - 0.0083 * b,
  -0.0182 * r - 0.1006 * g + 1.1187 * b,
];

function compressed(patch: Rgb): Rgb {
  const brightest = Math.max(...patch, 1e-6);
  const mapped = (brightest * (1 + brightest / (peak * peak))) / (1 + brightest);
  return patch.map((value) => (value * mapped) / brightest) as Rgb;
}

const encoded = (patch: Rgb): Rgb =>
  patch.map((value) => Math.max(0, Math.min(1, value)) ** (1 / 2.4)) as Rgb;
