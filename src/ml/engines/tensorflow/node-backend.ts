import type { Tensor } from "@tensorflow/tfjs";

/** An attribute of a TensorFlow operation, as the binding takes it. */
export type Attribute = { name: string; type: number; value: unknown };

export type TensorMetadata = { id: number; shape: number[]; dtype: number };

/** The part of tfjs-node's native binding that is used here. */
export interface NodeBinding {
  createTensor(shape: number[], dtype: number, values: ArrayBufferView): number;
  tensorDataSync(id: number): Float32Array | Int32Array | Uint8Array;
  executeOp(name: string, attributes: Attribute[], inputs: number[], outputs: number): TensorMetadata[];
  loadSavedModel(directory: string, tags: string): number;
  deleteSavedModel(id: number): void;
  runSavedModel(id: number, inputs: number[], inputNames: string, outputNames: string): TensorMetadata[];
  readonly TF_ATTR_STRING: number;
  readonly TF_ATTR_INT: number;
  readonly TF_ATTR_FLOAT: number;
  readonly TF_ATTR_BOOL: number;
  readonly TF_ATTR_TYPE: number;
  readonly TF_ATTR_SHAPE: number;
}

/** tfjs-node's backend. Some of these are declared private, but its own kernels in other files use them, too. */
export interface NodeBackend {
  binding: NodeBinding;
  readonly isUsingGpuDevice: boolean;
  executeSingleOutput(name: string, attributes: Attribute[], inputs: Tensor[]): Tensor;
  executeMultipleOutputs(name: string, attributes: Attribute[], inputs: Tensor[], outputs: number): Tensor[];
  getInputTensorIds(tensors: Tensor[]): number[];
  createOutputTensor(metadata: TensorMetadata): Tensor;
}

/** TensorFlow's numbers of types (types.proto). */
export const dataTypes = { float32: 1, int32: 3 } as const;
