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
import type { ReadPacket, ReadTrack } from "./read-back.ts";

/** Reads all tracks that a playlist or an MP4 leads to, every packet, without decoding, in this process. */
export async function readTracks(playlist: string): Promise<ReadTrack[]> {
  using input = new Input({ source: new FilePathSource(playlist), formats: HLS_FORMATS });
  const tracks: ReadTrack[] = [];
  for (const track of await input.getTracks()) {
    const startsDecoding = track.isVideoTrack() ? await entryPoints(track) : always;
    const packets: ReadPacket[] = [];
    for await (const packet of new EncodedPacketSink(track).packets()) {
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
