import {
  EncodedAudioPacketSource,
  EncodedPacketSink,
  EncodedVideoPacketSource,
  type Input,
  type Output,
} from "mediabunny";
import { TypedError } from "../telemetry/typed-error.ts";
import { codecString } from "./codec-string.ts";

type Packet = Parameters<EncodedVideoPacketSource["add"]>[0];

/** The one track of an intermediate, and where its packets go; nothing is encoded again. */
export type PacketFeed = {
  sink: EncodedPacketSink;
  /** RFC 6381. */
  codec: string;
  add: (packet: Packet) => Promise<void>;
  /** No packet will follow: the output need not wait for this track. */
  close: () => void;
};

/**
 * Adds the track of an intermediate to an output that has not started yet.
 * @param maximumPacketCount for outputs that reserve room for their index
 * @throws TypedError PACKAGE_FAILED when the intermediate holds no such track
 */
export async function packetFeed(
  input: Input,
  {
    name,
    kind,
    framesPerSecond,
    output,
    maximumPacketCount,
  }: {
    name: string;
    kind: "video" | "audio";
    framesPerSecond: number;
    output: Output;
    maximumPacketCount?: number;
  },
): Promise<PacketFeed> {
  const reserved = maximumPacketCount === undefined ? {} : { maximumPacketCount };
  if (kind === "video") {
    const track = present(await input.getPrimaryVideoTrack(), name);
    const decoderConfig = present(await track.getDecoderConfig(), name);
    const source = new EncodedVideoPacketSource(present(await track.getCodec(), name));
    output.addVideoTrack(source, { frameRate: framesPerSecond, ...reserved });
    return {
      sink: new EncodedPacketSink(track),
      codec: codecString(decoderConfig.codec),
      add: (packet) => source.add(packet, { decoderConfig }),
      close: () => source.close(),
    };
  }
  const track = present(await input.getPrimaryAudioTrack(), name);
  const decoderConfig = present(await track.getDecoderConfig(), name);
  const source = new EncodedAudioPacketSource(present(await track.getCodec(), name));
  output.addAudioTrack(source, reserved);
  return {
    sink: new EncodedPacketSink(track),
    codec: codecString(decoderConfig.codec),
    add: (packet) => source.add(packet, { decoderConfig }),
    close: () => source.close(),
  };
}

/** @throws TypedError PACKAGE_FAILED when there is no value */
export function present<T>(value: T | null, name: string): T {
  if (value === null)
    throw new TypedError("PACKAGE_FAILED", `${name}: the encoder's output cannot be read`, { final: false });
  return value;
}
