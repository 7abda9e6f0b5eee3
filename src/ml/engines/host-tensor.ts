import * as tf from "@tensorflow/tfjs";

/** A tensor outside of any engine, to be stored in a file or passed from one engine to another. */
export type HostTensor = { shape: readonly number[]; values: Float32Array | Int32Array };
export type HostTensors = Readonly<Record<string, HostTensor>>;

export type TensorType = "float32" | "int32";

/** A tensor's shape and type, without its values. */
export type TensorForm = { shape: readonly number[]; type: TensorType };

export const typeOf = ({ values }: HostTensor): TensorType =>
  values instanceof Int32Array ? "int32" : "float32";

export const sizeOf = (shape: readonly number[]): number => shape.reduce((size, length) => size * length, 1);

export const zerosLike = ({ shape, values }: HostTensor): HostTensor => ({
  shape,
  values: values instanceof Int32Array ? new Int32Array(values.length) : new Float32Array(values.length),
});

/** Uploads to the active engine. */
export const toDevice = (host: HostTensor): tf.Tensor =>
  tf.tensor(host.values, [...host.shape], typeOf(host));

/** A copy from the active engine. */
export async function toHost(tensor: tf.Tensor): Promise<HostTensor> {
  const values = (await tensor.data()) as Float32Array | Int32Array;
  return { shape: tensor.shape, values: values.slice() };
}

/** Applies a function to every entry of a record. */
export function mapRecord<From, To>(
  record: Readonly<Record<string, From>>,
  change: (value: From, name: string) => To,
): Record<string, To> {
  return Object.fromEntries(Object.entries(record).map(([name, value]) => [name, change(value, name)]));
}
