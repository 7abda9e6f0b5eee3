import { open } from "node:fs/promises";
import type { Size } from "../plan/ladder.ts";

/** Width, height and channels as sharp takes them: RGB, eight bits each. */
export type RawSize = Size & { channels: 3 };

export const rawSize = ({ width, height }: Size): RawSize => ({ width, height, channels: 3 });

/** The frames of a file of raw RGB pictures, one after the other; an incomplete last one is left out. */
export async function* rawFrames(path: string, size: Size): AsyncGenerator<Buffer> {
  const length = size.width * size.height * 3;
  await using file = await open(path);
  for (let index = 0; ; index++) {
    const frame = Buffer.alloc(length);
    const { bytesRead } = await file.read(frame, 0, length, index * length);
    if (bytesRead < length) return;
    yield frame;
  }
}

/** All of them, for small pictures. */
export async function readFrames(path: string, size: Size): Promise<Buffer[]> {
  const frames: Buffer[] = [];
  for await (const frame of rawFrames(path, size)) frames.push(frame);
  return frames;
}
