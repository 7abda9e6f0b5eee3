import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { clip } from "./clip.ts";

/** Six seconds of MPEG-TS whose sound is mono, then stereo, then surround. */
export async function changingSound(folder: string): Promise<string> {
  const part = (name: string, channels: number, from: number) =>
    clip(
      folder,
      name,
      `-f lavfi -i testsrc2=s=160x90:r=30:d=2 -f lavfi -i sine=d=2 -c:v libx264 -preset ultrafast -shortest -c:a aac -ac ${channels} -muxdelay 0 -output_ts_offset ${from}`,
    );
  const parts = [await part("mono.ts", 1, 0), await part("stereo.ts", 2, 2), await part("surround.ts", 6, 4)];
  const file = join(folder, "changing.ts");
  await writeFile(file, Buffer.concat(await Promise.all(parts.map((path) => readFile(path)))));
  return file;
}
