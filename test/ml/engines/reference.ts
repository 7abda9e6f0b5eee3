/** The operations in float64, written as plainly as can be: what every engine is compared with. */

export type Matrix = number[][];

const dot = (a: readonly number[], b: readonly number[]) => a.reduce((sum, x, i) => sum + x * b[i]!, 0);

const softmax = (row: readonly number[]) => {
  const highest = Math.max(...row);
  const powers = row.map((x) => Math.exp(x - highest));
  const total = powers.reduce((sum, x) => sum + x, 0);
  return powers.map((x) => x / total);
};

export const layerNorm = (x: Matrix, gain: readonly number[], bias: readonly number[]): Matrix =>
  x.map((row) => {
    const mean = row.reduce((sum, value) => sum + value, 0) / row.length;
    const variance = row.reduce((sum, value) => sum + (value - mean) ** 2, 0) / row.length;
    return row.map((value, i) => ((value - mean) / Math.sqrt(variance + 1e-6)) * gain[i]! + bias[i]!);
  });

export const attention = (q: Matrix, k: Matrix, v: Matrix, mask: Matrix): Matrix =>
  q.map((query, i) => {
    const shares = softmax(k.map((key, j) => dot(query, key) + mask[i]![j]!));
    return v[0]!.map((_, column) => shares.reduce((sum, share, j) => sum + share * v[j]![column]!, 0));
  });

export const softmaxLoss = (
  states: Matrix,
  items: Matrix,
  targets: readonly number[],
  weights: readonly number[],
  prior: { scores: Matrix; weight: number },
): number =>
  states.reduce((sum, state, row) => {
    const logits = items.map((item, i) => dot(state, item) + prior.weight * prior.scores[row]![i]!);
    return sum - weights[row]! * Math.log(softmax(logits)[targets[row]!]!);
  }, 0);

/** The slope of f at x along every coordinate, by central differences. */
export function slopes(f: (x: Matrix) => number, x: Matrix): Matrix {
  const step = 1e-6;
  const at = (row: number, column: number, change: number) =>
    f(x.map((values, r) => values.map((value, c) => (r === row && c === column ? value + change : value))));
  return x.map((values, row) =>
    values.map((_, column) => (at(row, column, step) - at(row, column, -step)) / (2 * step)),
  );
}
