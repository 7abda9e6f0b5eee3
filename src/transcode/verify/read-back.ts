import {
  type EncodedPacket,
  EncodedPacketSink,
  FilePathSource,
  HLS_FORMATS,
  Input,
  type InputVideoTrack,
} from "mediabunny";
import { codecString } from "../base/codec.ts";
import { isIdr, nalPacking } from "./idr.ts";

/** A packet of a finished track; seconds. */
export type ReadPacket = {
  time: number;
  /** By the bitstream, which decides whether decoding can start there; sound can start anywhere. */
  key: boolean;
};

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

/** Reads all tracks that a playlist leads to, every packet, without decoding. */
export async function readBack(playlist: string, signal: AbortSignal | undefined): Promise<ReadTrack[]> {
  using input = new Input({ source: new FilePathSource(playlist), formats: HLS_FORMATS });
  const tracks: ReadTrack[] = [];
  for (const track of await input.getTracks()) {
    const startsDecoding = track.isVideoTrack() ? await entryPoints(track) : always;
    const packets: ReadPacket[] = [];
    for await (const packet of new EncodedPacketSink(track).packets()) {
      signal?.throwIfAborted();
      packets.push({ time: packet.timestamp, key: await startsDecoding(packet) });
    }
    const read = await track.getCodecParameterString();
    const codec = read && codecString(read);
    tracks.push({ codec, picture: track.isVideoTrack() ? await pictureOf(track) : null, packets });
  }
  return tracks;
}

const always = () => true;

async function pictureOf(track: InputVideoTrack): Promise<ReadTrack["picture"]> {
  const { primaries, transfer, matrix, fullRange } = await track.getColorSpace();
  const color = [primaries, transfer, matrix, fullRange === false ? "limited" : "full"].join("/");
  const [width, height, rotation] = [
    await track.getDisplayWidth(),
    await track.getDisplayHeight(),
    await track.getRotation(),
  ];
  return { width, height, rotation, color };
}

/** Recognises the packets of a track at which a decoder can start. */
async function entryPoints(
  track: InputVideoTrack,
): Promise<(packet: EncodedPacket) => boolean | Promise<boolean>> {
  const codec = await track.getCodec();
  const config = await track.getDecoderConfig();
  const description = config?.description as Uint8Array | undefined;
  const packing = codec && description ? nalPacking(codec, description) : null;
  if (packing !== null) return ({ data }) => isIdr(data, packing);
  return async (packet) => (await track.determinePacketType(packet)) === "key";
}
