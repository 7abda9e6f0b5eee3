import {
  EncodedAudioPacketSource,
  type EncodedPacket,
  EncodedPacketSink,
  EncodedVideoPacketSource,
  FilePathSource,
  Input,
  MP4,
  type Output,
  ReadableStreamSource,
} from "mediabunny";
import { TypedError } from "../../base/typed-error.ts";
import { codecString } from "../base/codec.ts";
import { growingFile } from "./growing-file.ts";
import type { Intermediate } from "./intermediate.ts";

export type Packet = EncodedPacket;

/** A track as the encoder left it; nothing of it is encoded again. */
export type EncodedTrack = Disposable & {
  /** RFC 6381. */
  codec: string;
  /** In decoding order, timestamps (seconds) from the beginning of the whole; without the encoder's priming. */
  packets: () => AsyncGenerator<Packet>;
  /**
   * Adds the track to an output that has not started yet.
   * @param maximumPacketCount for outputs that reserve room for their index
   */
  addTo: (output: Output, options?: { maximumPacketCount?: number }) => Writer;
};

export type Writer = {
  add: (packet: Packet) => Promise<void>;
  /** No packet will follow: the output need not wait for this track. */
  close: () => void;
};

/**
 * Opens an intermediate.
 * @param ended given when its only file is still being written; aborted when that has ended
 * @throws TypedError PACKAGE_FAILED when it holds no such track, PARTS_DIFFER (from `packets`)
 */
export async function encodedTrack(source: Intermediate, ended?: AbortSignal): Promise<EncodedTrack> {
  const { name, kind, framesPerSecond, endSeconds } = source;
  const [first, ...rest] = source.parts;
  const head = await open(first!.file, source, ended);
  const { config, codec } = head;

  async function* packets() {
    yield* packetsOf(head, first!.start / framesPerSecond);
    for (const { file, start } of rest) {
      using part = await open(file, source, ended);
      if (!sameConfiguration(config, part.config))
        throw new TypedError(
          "PARTS_DIFFER",
          `${name}: the part from frame ${start} on needs another decoder configuration than the first: set KILN_PARTS_ABOVE=0`,
        );
      yield* packetsOf(part, start / framesPerSecond);
    }
  }

  async function* packetsOf({ sink }: Opened, offset: number) {
    for await (const packet of sink.packets()) {
      // The packager would shift the first segment for a packet before zero, and only that one.
      if (packet.timestamp < 0) continue;
      const timestamp = packet.timestamp + offset;
      if (timestamp < endSeconds) yield offset === 0 ? packet : packet.clone({ timestamp });
    }
  }

  return {
    codec: codecString(config.codec),
    packets,
    addTo(output, reserved = {}) {
      const meta = { decoderConfig: config };
      if (kind === "video") {
        const video = new EncodedVideoPacketSource(codec as VideoCodec);
        output.addVideoTrack(video, { frameRate: framesPerSecond, ...reserved });
        return {
          add: (packet) => video.add(packet, meta as VideoMeta),
          close: () => video.close(),
        };
      }
      const audio = new EncodedAudioPacketSource(codec as AudioCodec);
      output.addAudioTrack(audio, reserved);
      return { add: (packet) => audio.add(packet, meta as AudioMeta), close: () => audio.close() };
    },
    [Symbol.dispose]: () => head[Symbol.dispose](),
  };
}

type VideoCodec = ConstructorParameters<typeof EncodedVideoPacketSource>[0];
type AudioCodec = ConstructorParameters<typeof EncodedAudioPacketSource>[0];
type VideoMeta = Parameters<EncodedVideoPacketSource["add"]>[1];
type AudioMeta = Parameters<EncodedAudioPacketSource["add"]>[1];
type Description = ArrayBufferLike | ArrayBufferView;
type Configuration = { codec: string; description?: Description };
type Opened = Disposable & { sink: EncodedPacketSink; codec: string; config: Configuration };

async function open(
  file: string,
  { name, kind }: Intermediate,
  ended: AbortSignal | undefined,
): Promise<Opened> {
  const bytes = ended ? new ReadableStreamSource(growingFile(file, ended)) : new FilePathSource(file);
  const input = new Input({ source: bytes, formats: [MP4] });
  try {
    const track = present(
      kind === "video" ? await input.getPrimaryVideoTrack() : await input.getPrimaryAudioTrack(),
      name,
    );
    return {
      sink: new EncodedPacketSink(track),
      codec: present(await track.getCodec(), name),
      config: present<Configuration>(await track.getDecoderConfig(), name),
      [Symbol.dispose]: () => input.dispose(),
    };
  } catch (error) {
    input.dispose();
    throw error;
  }
}

/** A player gets one configuration for the whole track. */
function sameConfiguration(one: Configuration, other: Configuration): boolean {
  const described = ({ description }: Configuration) =>
    description === undefined ? "" : Buffer.from(bytesOf(description)).toString("hex");
  return one.codec === other.codec && described(one) === described(other);
}

const bytesOf = (description: Description) =>
  ArrayBuffer.isView(description)
    ? new Uint8Array(description.buffer, description.byteOffset, description.byteLength)
    : new Uint8Array(description);

/** @throws TypedError PACKAGE_FAILED when there is no value */
export function present<T>(value: T | null, name: string): T {
  if (value === null) throw new TypedError("PACKAGE_FAILED", `${name}: the encoder's output cannot be read`);
  return value;
}
