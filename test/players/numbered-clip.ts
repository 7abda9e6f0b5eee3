import { clip } from "../transcode/clip.ts";

/** Stripes from left to right: the bits of a frame's number, the lowest first, white is 1. */
export const stripes = 12;

/**
 * A clip in which each frame shows its own number, so that a page can tell which frame it sees.
 * @param rate frames per second: `30`, `30000/1001`
 * @param sound a tone as long as the picture, or none
 */
export function numberedClip(
  folder: string,
  name: string,
  { rate, seconds, sound }: { rate: string; seconds: number; sound: "tone" | "none" },
): Promise<string> {
  const bit = "lum='if(mod(floor(N/pow(2,X)),2),235,16)':cb=128:cr=128";
  const picture = `-f lavfi -i color=s=${stripes}x2:r=${rate}:d=${seconds},geq=${bit},scale=320:180:flags=neighbor,setsar=1`;
  const tone = sound === "tone" ? ` -f lavfi -i sine=d=${seconds}` : "";
  return clip(folder, name, `${picture}${tone} -c:v libx264 -preset ultrafast -pix_fmt yuv420p`);
}
