import sharp from "sharp";
import { type StoredFile, storeContent, storeText } from "../base/stored-file.ts";
import type { Size } from "../plan/ladder.ts";
import type { Storyboard } from "./pictures.ts";
import { rawSize, readFrames } from "./raw-frames.ts";

/** Tiles in a row of the sprite. */
const columns = 10;

/**
 * Lays the frames out as a sprite (a JPEG: players of every age take it) with its WebVTT file.
 * @param interval seconds between frames
 * @param duration of the video in seconds
 */
export async function makeStoryboard(
  frames: string,
  size: Size,
  { interval, duration, out }: { interval: number; duration: number; out: string },
): Promise<{ storyboard: Storyboard; files: StoredFile[] }> {
  const tiles = await readFrames(frames, size);
  const content = await sharp({
    create: {
      width: size.width * Math.min(columns, tiles.length),
      height: size.height * Math.ceil(tiles.length / columns),
      channels: 3,
      background: "black",
    },
  })
    .composite(tiles.map((input, index) => ({ input, raw: rawSize(size), ...corner(index, size) })))
    .jpeg({ quality: 70 })
    .toBuffer();
  const sprite = await storeContent(out, "storyboard/sprite.jpg", content);
  const name = sprite.path.slice(sprite.path.lastIndexOf("/") + 1);
  const cues = storyboardCues(name, size, { tiles: tiles.length, interval, duration });
  const vtt = await storeText(out, "storyboard/index.vtt", cues);
  return {
    storyboard: {
      vtt: vtt.path,
      sprite: sprite.path,
      tiles: tiles.length,
      tileWidth: size.width,
      tileHeight: size.height,
      interval,
    },
    files: [sprite, vtt],
  };
}

/**
 * The WebVTT text: a cue a tile, its payload the sprite's name with a spatial fragment.
 * @source W3C WebVTT, 4.1; W3C Media Fragments URI 1.0, 4.2.2 (`xywh`)
 */
export function storyboardCues(
  sprite: string,
  size: Size,
  { tiles, interval, duration }: { tiles: number; interval: number; duration: number },
): string {
  const cues = Array.from({ length: tiles }, (_, index) => {
    const { left, top } = corner(index, size);
    const end = index === tiles - 1 ? duration : (index + 1) * interval;
    return `${clock(index * interval)} --> ${clock(end)}\n${sprite}#xywh=${left},${top},${size.width},${size.height}\n`;
  });
  return ["WEBVTT\n", ...cues].join("\n");
}

const corner = (index: number, { width, height }: Size) => ({
  left: (index % columns) * width,
  top: Math.floor(index / columns) * height,
});

/** `hh:mm:ss.mmm` */
const clock = (seconds: number) => new Date(Math.round(seconds * 1000)).toISOString().slice(11, 23);
