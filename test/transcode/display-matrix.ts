import { readFile, writeFile } from "node:fs/promises";

/** Writes a, b, c, d of the display matrix into an MP4's first track. @source ISO/IEC 14496-12, 8.3.2 */
export async function writeMatrix(path: string, [a, b, c, d]: readonly [number, number, number, number]) {
  const content = await readFile(path);
  const at = content.indexOf("tkhd") + 44;
  const one = 0x10000;
  const values = [a * one, b * one, 0, c * one, d * one, 0, 0, 0, 0x40000000];
  for (const [index, value] of values.entries()) content.writeInt32BE(value, at + 4 * index);
  await writeFile(path, content);
}
