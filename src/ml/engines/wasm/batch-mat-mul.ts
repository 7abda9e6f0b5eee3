import {
  BatchMatMul,
  type BatchMatMulAttrs,
  getKernel,
  type KernelConfig,
  type TensorInfo,
  Transpose,
} from "@tensorflow/tfjs";

/** The part of the wasm backend that this kernel needs. */
type WasmBackend = { disposeData(dataId: object): void };

/**
 * TensorFlow.js's matrix product, with transposed operands copied first: its own kernel reads them column by column, which
 * takes ten times as long. Half of the products of a gradient have a transposed operand.
 */
export function batchMatMul(): KernelConfig {
  const product = getKernel(BatchMatMul, "wasm").kernelFunc;
  const transpose = getKernel(Transpose, "wasm").kernelFunc;
  return {
    kernelName: BatchMatMul,
    backendName: "wasm",
    kernelFunc({ inputs, attrs, backend }) {
      const { transposeA, transposeB } = attrs as unknown as BatchMatMulAttrs;
      const turned: TensorInfo[] = [];
      const turn = (x: TensorInfo): TensorInfo => {
        const last = x.shape.length - 1;
        const perm = x.shape.map((_, axis) => (axis < last - 1 ? axis : 2 * last - 1 - axis));
        const result = transpose({ inputs: { x }, attrs: { perm }, backend }) as TensorInfo;
        turned.push(result);
        return result;
      };
      const { a, b } = inputs as { a: TensorInfo; b: TensorInfo };
      const made = product({
        inputs: { a: transposeA ? turn(a) : a, b: transposeB ? turn(b) : b },
        attrs: { transposeA: false, transposeB: false },
        backend,
      });
      for (const { dataId } of turned) (backend as WasmBackend).disposeData(dataId);
      return made;
    },
  };
}
