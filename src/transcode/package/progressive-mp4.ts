import { open } from "node:fs/promises";
import { join } from "node:path";
import { FilePathTarget, Mp4OutputFormat, Output } from "mediabunny";
import { type StoredFile, storeMoved } from "../base/stored-file.ts";
import { type EncodedTrack, encodedTrack, type Writer } from "./encoded-track.ts";
import { zeroTimes } from "./init-segment.ts";
import type { Intermediate } from "./intermediate.ts";
import type { Track } from "./package.ts";

/**
 * Joins a rendition and the sound in one file, for sharing and for players that know no playlists. The index
 * comes first ("faststart"), so that it plays while it loads.
 * @param tracks as they were packaged, in the order of the sources: they determine the size of the index
 * @returns `mp4/720p-<hash>.mp4`
 */
export async function makeMp4(
  sources: readonly Intermediate[],
  tracks: readonly Track[],
  { out, work, signal }: { out: string; work: string; signal: AbortSignal | undefined },
): Promise<StoredFile> {
  const path = join(work, "progressive.mp4");
  const output = new Output({
    // The index is reserved by the number of packets: holding the file in memory would limit its length.
    format: new Mp4OutputFormat({ fastStart: "reserve" }),
    target: new FilePathTarget(path),
  });
  using opened = new DisposableStack();
  const feeds: Feed[] = [];
  // One after the other: their order is that of the tracks in the file.
  for (const [index, source] of sources.entries()) {
    const track = opened.use(await encodedTrack(source));
    const writer = track.addTo(output, { maximumPacketCount: tracks[index]!.packets });
    feeds.push({ ...writer, packets: track.packets() });
  }
  await output.start();
  for await (const { feed, packet } of byTime(feeds)) {
    signal?.throwIfAborted();
    await feed.add(packet);
  }
  await output.finalize();
  await zeroIndexTimes(path);
  return storeMoved(out, `mp4/${sources[0]!.name}.mp4`, path, "video/mp4");
}

type Feed = Writer & { packets: ReturnType<EncodedTrack["packets"]> };

/** Packets of all tracks, the earliest first: a fixed order, so that packaging twice gives the same bytes. */
async function* byTime(feeds: readonly Feed[]) {
  const heads = await Promise.all(feeds.map(async (feed) => ({ feed, next: await feed.packets.next() })));
  for (;;) {
    const waiting = heads.flatMap((head) => (head.next.done ? [] : [{ head, packet: head.next.value }]));
    const [first] = waiting.toSorted((one, other) => one.packet.timestamp - other.packet.timestamp);
    if (first === undefined) return;
    yield { feed: first.head.feed, packet: first.packet };
    first.head.next = await first.head.feed.packets.next();
    if (first.head.next.done) first.head.feed.close();
  }
}

/** Of the boxes before the samples only: those are as large as the video. */
async function zeroIndexTimes(path: string): Promise<void> {
  await using file = await open(path, "r+");
  const header = Buffer.alloc(8);
  let length = 0;
  for (;;) {
    const { bytesRead } = await file.read(header, 0, 8, length);
    if (bytesRead < 8 || header.toString("latin1", 4) === "mdat") break;
    length += header.readUInt32BE(0);
  }
  const index = Buffer.alloc(length);
  await file.read(index, 0, length, 0);
  zeroTimes(index);
  await file.write(index, 0, length, 0);
}
