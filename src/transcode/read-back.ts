import { EncodedPacketSink, FilePathSource, HLS_FORMATS, Input } from "mediabunny";
import { codecString } from "./codec-string.ts";

/** A packet of a finished track; seconds. */
export type ReadPacket = { time: number; key: boolean };

/** A finished track as a player finds it. */
export type ReadTrack = {
  /** RFC 6381. */
  codec: string | null;
  /** Null for sound. */
  picture: { width: number; height: number; rotation: number; color: string } | null;
  packets: ReadPacket[];
};

/** `primaries/transfer/matrix/range` of everything that Kiln writes. */
export const outputColor = "bt709/bt709/bt709/limited";

/** Reads all tracks that a playlist leads to, every packet's time, without decoding. */
export async function readBack(playlist: string, signal: AbortSignal | undefined): Promise<ReadTrack[]> {
  using input = new Input({ source: new FilePathSource(playlist), formats: HLS_FORMATS });
  const tracks: ReadTrack[] = [];
  for (const track of await input.getTracks()) {
    const packets: ReadPacket[] = [];
    const sink = new EncodedPacketSink(track);
    for await (const { timestamp, type } of sink.packets(undefined, undefined, { metadataOnly: true })) {
      signal?.throwIfAborted();
      packets.push({ time: timestamp, key: type === "key" });
    }
    const read = await track.getCodecParameterString();
    const codec = read && codecString(read);
    if (!track.isVideoTrack()) {
      tracks.push({ codec, picture: null, packets });
      continue;
    }
    const { primaries, transfer, matrix, fullRange } = await track.getColorSpace();
    const color = [primaries, transfer, matrix, fullRange === false ? "limited" : "full"].join("/");
    const [width, height, rotation] = [
      await track.getDisplayWidth(),
      await track.getDisplayHeight(),
      await track.getRotation(),
    ];
    tracks.push({ codec, picture: { width, height, rotation, color }, packets });
  }
  return tracks;
}
