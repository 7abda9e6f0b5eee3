import { z } from "zod";
import { TypedError } from "../../../base/typed-error.ts";
import { type HostTensor, type HostTensors, sizeOf } from "../../engines/host-tensor.ts";

const Entry = z.strictObject({
  dtype: z.enum(["F32", "I32"]),
  shape: z.array(z.int().nonnegative()),
  data_offsets: z.tuple([z.int().nonnegative(), z.int().nonnegative()]),
});
const metadataKey = "__metadata__";
const headBytes = 8;
const bytesANumber = 4;

/**
 * The bytes of a safetensors file: the length of a JSON head, the head, the numbers, little-endian.
 * @source github.com/huggingface/safetensors, "Format"
 */
export function encodeSafetensors(
  tensors: HostTensors,
  metadata: Readonly<Record<string, string>> = {},
): Buffer[] {
  const head: Record<string, unknown> = { [metadataKey]: metadata };
  const parts: Buffer[] = [];
  let offset = 0;
  for (const [name, { shape, values }] of Object.entries(tensors)) {
    const end = offset + values.byteLength;
    const dtype = values instanceof Int32Array ? "I32" : "F32";
    head[name] = { dtype, shape, data_offsets: [offset, end] };
    parts.push(Buffer.from(values.buffer, values.byteOffset, values.byteLength));
    offset = end;
  }
  const text = Buffer.from(JSON.stringify(head));
  // Numbers are read in place where they begin at a multiple of their size.
  const padded = Buffer.alloc(Math.ceil(text.length / 8) * 8, " ");
  text.copy(padded);
  const length = Buffer.alloc(headBytes);
  length.writeBigUInt64LE(BigInt(padded.length));
  return [length, padded, ...parts];
}

/** @throws TypedError MODEL_CORRUPT */
export function decodeSafetensors(bytes: Buffer): {
  tensors: HostTensors;
  metadata: Readonly<Record<string, string>>;
} {
  try {
    const headEnd = headBytes + Number(bytes.readBigUInt64LE(0));
    const { [metadataKey]: metadata = {}, ...entries } = z
      .record(z.string(), z.unknown())
      .parse(JSON.parse(bytes.toString("utf8", headBytes, headEnd)));
    const numbers = bytes.subarray(headEnd);
    const tensors = Object.entries(entries).map(([name, entry]) => [
      name,
      decode(Entry.parse(entry), numbers),
    ]);
    return {
      tensors: Object.fromEntries(tensors),
      metadata: z.record(z.string(), z.string()).parse(metadata),
    };
  } catch (cause) {
    throw new TypedError("MODEL_CORRUPT", `this is no whole safetensors file: ${cause}`, { cause });
  }
}

function decode(
  { dtype, shape, data_offsets: [start, end] }: z.output<typeof Entry>,
  numbers: Buffer,
): HostTensor {
  const size = sizeOf(shape);
  if (end - start !== size * bytesANumber || end > numbers.length)
    throw new RangeError(`a tensor of ${size} numbers at ${start} to ${end} of ${numbers.length} bytes`);
  // A copy, so that the file's bytes can be freed.
  const own = Uint8Array.prototype.slice.call(numbers, start, end);
  const values =
    dtype === "I32" ? new Int32Array(own.buffer, 0, size) : new Float32Array(own.buffer, 0, size);
  return { shape, values };
}
