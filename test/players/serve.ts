import { once } from "node:events";
import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";
import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { extname, join, normalize } from "node:path";

const contentTypes: Record<string, string> = {
  ".html": "text/html; charset=utf-8",
  ".css": "text/css",
  ".js": "text/javascript",
  ".mjs": "text/javascript",
  ".m3u8": "application/vnd.apple.mpegurl",
  ".mpd": "application/dash+xml",
  ".m4s": "video/mp4",
  ".mp4": "video/mp4",
};

/** What was asked for, in order: `720p/0-ab.m4s`, with its Range header. */
export type Request = { path: string; range: string | undefined };

/**
 * A plain HTTP server, as any dApp may put in front of a folder: files, single byte ranges, nothing else.
 * @param mounts folder by the first part of the path; `mounts[""]` is the root
 */
export async function serve(mounts: Record<string, string>) {
  const requests: Request[] = [];
  const server = createServer((request, response) => {
    const path = decodeURIComponent(new URL(request.url ?? "/", "http://server").pathname).slice(1);
    const { range } = request.headers;
    requests.push({ path, range });
    send(fileOf(mounts, path), range, response).catch(() => response.writeHead(404).end());
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}

function fileOf(mounts: Record<string, string>, path: string): string {
  const [first = "", ...rest] = normalize(path).split("/");
  const mounted = mounts[first];
  return mounted === undefined ? join(mounts[""]!, path) : join(mounted, ...rest);
}

async function send(file: string, range: string | undefined, response: ServerResponse): Promise<void> {
  const { size } = await stat(file);
  const headers = {
    "content-type": contentTypes[extname(file)] ?? "application/octet-stream",
    "cache-control": "no-store",
    "accept-ranges": "bytes",
  };
  const [, from, to] = /^bytes=(\d+)-(\d*)$/.exec(range ?? "") ?? [];
  if (from === undefined) {
    response.writeHead(200, { ...headers, "content-length": size });
    createReadStream(file).pipe(response);
    return;
  }
  const [start, end] = [Number(from), Math.min(to ? Number(to) : size, size - 1)];
  if (start >= size) {
    response.writeHead(416, { "content-range": `bytes */${size}` }).end();
    return;
  }
  response.writeHead(206, {
    ...headers,
    "content-length": end - start + 1,
    "content-range": `bytes ${start}-${end}/${size}`,
  });
  createReadStream(file, { start, end }).pipe(response);
}
