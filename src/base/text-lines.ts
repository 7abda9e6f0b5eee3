import { isUtf8 } from "node:buffer";
import { createReadStream } from "node:fs";
import { access } from "node:fs/promises";
import { TypedError } from "./typed-error.ts";

/** A line of a text file, from 1, without its end; no text where it is not UTF-8. */
export type TextLine = { line: number; text: string | undefined };

const newline = 0x0a;
const utf8Mark = Buffer.of(0xef, 0xbb, 0xbf);
const otherMarks = [
  ["UTF-32", Buffer.of(0xff, 0xfe, 0, 0)],
  ["UTF-16", Buffer.of(0xff, 0xfe)],
  ["UTF-16", Buffer.of(0xfe, 0xff)],
] as const;

/**
 * The lines of a UTF-8 file, which may be larger than memory. A byte order mark is left out.
 * @throws TypedError FILE_NOT_FOUND, FILE_NOT_UTF8 when the mark is that of another encoding
 */
export async function* textLines(path: string): AsyncGenerator<TextLine> {
  await access(path).catch((cause) => {
    throw new TypedError("FILE_NOT_FOUND", `there is no file ${path}`, { cause });
  });
  let line = 0;
  let rest: Buffer = Buffer.alloc(0);
  for await (const chunk of createReadStream(path) as AsyncIterable<Buffer>) {
    let bytes = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    if (line === 0) bytes = withoutMark(path, bytes);
    let start = 0;
    for (let end = bytes.indexOf(newline); end !== -1; end = bytes.indexOf(newline, start)) {
      yield decoded(++line, bytes.subarray(start, end));
      start = end + 1;
    }
    rest = bytes.subarray(start);
  }
  if (rest.length > 0) yield decoded(++line, rest);
}

function withoutMark(path: string, bytes: Buffer): Buffer {
  const other = otherMarks.find(([, mark]) => bytes.subarray(0, mark.length).equals(mark));
  if (other !== undefined)
    throw new TypedError(
      "FILE_NOT_UTF8",
      `${path} begins with the byte order mark of ${other[0]}: save it as UTF-8`,
    );
  return bytes.subarray(0, utf8Mark.length).equals(utf8Mark) ? bytes.subarray(utf8Mark.length) : bytes;
}

const decoded = (line: number, bytes: Buffer): TextLine => ({
  line,
  text: isUtf8(bytes) ? bytes.toString("utf8").replace(/\r$/, "") : undefined,
});
