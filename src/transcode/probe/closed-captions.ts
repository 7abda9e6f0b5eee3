import type { FileHandle } from "node:fs/promises";

/** Where captions lie in the data of a picture: ATSC's name and the type of what follows. @source ATSC A/53-4, 6.2.3 */
const mark = Buffer.from("GA94\x03", "latin1");
/** Who sends captions sends them with every picture, so a piece of the file tells; ffprobe does not. */
const piece = 2 * 1024 ** 2;

/** Whether the pictures of a file seem to hold captions of CEA-608 or 708; decoding them tells for sure. */
export async function holdsClosedCaptions(file: FileHandle, size: number): Promise<boolean> {
  const buffer = Buffer.alloc(Math.min(piece, size));
  // The index of an MP4 may fill the first piece.
  for (const position of [0, Math.floor(size / 2)]) {
    const { bytesRead } = await file.read(buffer, 0, buffer.length, position);
    if (buffer.subarray(0, bytesRead).includes(mark)) return true;
  }
  return false;
}
