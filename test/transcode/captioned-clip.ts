import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { clip } from "./clip.ts";

/** A caption of CEA-608: shown from a frame on, until another one. */
export type CaptionedFrames = { from: number; until: number; text: string };

/**
 * An MP4 of 25 frames a second in H.264 that holds captions of CEA-608 (CC1, pop-on) in its pictures, as ATSC A/53 puts
 * them into SEI. A frame carries two bytes, so a caption needs a few frames before it.
 */
export async function captionedClip(
  folder: string,
  { seconds, captions }: { seconds: number; captions: readonly CaptionedFrames[] },
): Promise<string> {
  const words = `-f lavfi -i testsrc2=s=160x90:r=25:d=${seconds} -c:v libx264 -preset ultrafast -bf 0 -x264-params repeat-headers=1`;
  const stream = await readFile(await clip(folder, "plain.h264", words));
  const pairs = pairsOf(captions, seconds * 25);
  const bare = join(folder, "captioned.h264");
  let frame = 0;
  const units = unitsOf(stream).flatMap((unit) =>
    isFirstSlice(unit) ? [captionUnit(pairs[frame++]!), unit] : [unit],
  );
  await writeFile(bare, Buffer.concat(units.flatMap((unit) => [Buffer.from([0, 0, 0, 1]), unit])));
  return clip(folder, "captioned.mp4", `-framerate 25 -i ${bare} -c copy`);
}

/** Two bytes of CEA-608 a frame: `0x80 0x80` is nothing. @source ANSI/CTA-608-E, 4 and C.13 */
function pairsOf(captions: readonly CaptionedFrames[], frames: number): [number, number][] {
  const pairs = Array.from({ length: frames }, (): [number, number] => [0x00, 0x00]);
  const resume = [0x14, 0x20] as const;
  const [eraseMemory, eraseShown, flip] = [
    [0x14, 0x2e] as const,
    [0x14, 0x2c] as const,
    [0x14, 0x2f] as const,
  ];
  const lastRow = [0x14, 0x70] as const;
  for (const { from, until, text } of captions) {
    const letters = Array.from({ length: Math.ceil(text.length / 2) }, (_, index): [number, number] => [
      text.charCodeAt(2 * index),
      text.charCodeAt(2 * index + 1) || 0,
    ]);
    const loading = [resume, eraseMemory, lastRow, ...letters, flip];
    for (const [index, pair] of loading.entries()) pairs[from - loading.length + 1 + index] = [...pair];
    if (until < frames) pairs[until] = [...eraseShown];
  }
  return pairs.map(([one, other]) => [withParity(one), withParity(other)]);
}

/** Odd. */
const withParity = (byte: number): number =>
  byte.toString(2).replaceAll("0", "").length % 2 === 0 ? byte | 0x80 : byte;

/** SEI with user data of ATSC. @source ATSC A/53-4, 6.2.3; ITU-T H.264, D.1.6 */
function captionUnit([one, other]: [number, number]): Buffer {
  const user = [0xb5, 0x00, 0x31, ...Buffer.from("GA94"), 0x03, 0xc1, 0xff, 0xfc, one, other, 0xff];
  return Buffer.from([0x06, 0x04, user.length, ...user, 0x80]);
}

const startCode = Buffer.from([0, 0, 1]);

function unitsOf(stream: Buffer): Buffer[] {
  const starts: number[] = [];
  for (let at = stream.indexOf(startCode); at !== -1; at = stream.indexOf(startCode, at + 1)) starts.push(at);
  return starts.map((start, index) => {
    const end = starts[index + 1] ?? stream.length;
    const unit = stream.subarray(start + 3, end);
    return unit.at(-1) === 0 ? unit.subarray(0, -1) : unit;
  });
}

const isFirstSlice = (unit: Buffer): boolean => [1, 5].includes(unit[0]! & 0x1f) && (unit[1]! & 0x80) !== 0;
