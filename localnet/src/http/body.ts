import type { IncomingMessage } from "node:http";
import { HttpRefusal } from "./refusal.ts";

/**
 * The whole body of a request.
 * @param limit bytes
 * @throws HttpRefusal 413 when it is larger
 */
export async function readBody(request: IncomingMessage, limit: number): Promise<Uint8Array> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request) {
    size += chunk.length;
    if (size > limit)
      throw new HttpRefusal(413, `The request is too large: at most ${limit} bytes are allowed.`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks, size);
}
