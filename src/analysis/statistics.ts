/** Of a whole frame, each 0 to about 1. */
export type FrameStatistics = { brightness: number; contrast: number; colourfulness: number };

/** Brightness of a pixel, 0 to 255 (ITU-R BT.709 weights). */
const luma = (rgb: Uint8Array, at: number) =>
  0.2126 * rgb[at]! + 0.7152 * rgb[at + 1]! + 0.0722 * rgb[at + 2]!;

/**
 * @param rgb three bytes a pixel
 * @source Hasler and Süsstrunk, "Measuring colourfulness in natural images", 2003 (M3)
 */
export function frameStatistics(rgb: Uint8Array): FrameStatistics {
  const pixels = rgb.length / 3;
  const [bright, redGreen, yellowBlue] = [new Moments(), new Moments(), new Moments()];
  for (let at = 0; at < rgb.length; at += 3) {
    const [red, green, blue] = [rgb[at]!, rgb[at + 1]!, rgb[at + 2]!];
    bright.add(luma(rgb, at));
    redGreen.add(red - green);
    yellowBlue.add((red + green) / 2 - blue);
  }
  const spread = Math.hypot(redGreen.deviation(pixels), yellowBlue.deviation(pixels));
  const offset = Math.hypot(redGreen.mean(pixels), yellowBlue.mean(pixels));
  return {
    brightness: bright.mean(pixels) / 255,
    contrast: bright.deviation(pixels) / 255,
    colourfulness: (spread + 0.3 * offset) / 255,
  };
}

/** Mean absolute change of brightness between two frames of one size, 0 to 1. */
export function change(before: Uint8Array, after: Uint8Array): number {
  let sum = 0;
  for (let at = 0; at < after.length; at += 3) sum += Math.abs(luma(after, at) - luma(before, at));
  return sum / (after.length / 3) / 255;
}

class Moments {
  #sum = 0;
  #squares = 0;

  add(value: number): void {
    this.#sum += value;
    this.#squares += value * value;
  }

  mean(count: number): number {
    return this.#sum / count;
  }

  deviation(count: number): number {
    return Math.sqrt(Math.max(0, this.#squares / count - this.mean(count) ** 2));
  }
}
