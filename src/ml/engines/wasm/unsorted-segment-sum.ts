import {
  type KernelConfig,
  type TensorInfo,
  UnsortedSegmentSum,
  type UnsortedSegmentSumAttrs,
} from "@tensorflow/tfjs";

/** The part of the wasm backend that this kernel needs. */
type WasmBackend = {
  readSync(dataId: object): Float32Array | Int32Array;
  makeOutput(shape: number[], dtype: string, memoryOffset: undefined, values: Float32Array): TensorInfo;
};

/** The gradient of every embedding, which TensorFlow.js's wasm backend lacks. */
export const unsortedSegmentSum: KernelConfig = {
  kernelName: UnsortedSegmentSum,
  backendName: "wasm",
  kernelFunc({ inputs, attrs, backend }) {
    const wasm = backend as WasmBackend;
    const { x, segmentIds } = inputs as { x: TensorInfo; segmentIds: TensorInfo };
    const { numSegments } = attrs as unknown as UnsortedSegmentSumAttrs;
    const inner = x.shape.slice(segmentIds.shape.length).reduce((size, length) => size * length, 1);
    const values = wasm.readSync(x.dataId);
    const sums = new Float32Array(numSegments * inner);
    for (const [row, segment] of wasm.readSync(segmentIds.dataId).entries()) {
      // Like TensorFlow: rows without a segment are skipped.
      if (segment < 0 || segment >= numSegments) continue;
      for (let column = 0; column < inner; column++)
        sums[segment * inner + column]! += values[row * inner + column]!;
    }
    const shape = [numSegments, ...x.shape.slice(segmentIds.shape.length)];
    return wasm.makeOutput(shape, "float32", undefined, sums);
  },
};
