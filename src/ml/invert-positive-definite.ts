/** Rows that are swept together: their values stay in the processor's cache while the rest passes by. */
const block = 32;

/**
 * The inverse of a symmetric positive definite matrix, in its place: the blocked sweep operator, which works on the
 * upper half alone, n^3 / 2 multiplications.
 * @param matrix rows one after the other, `size` long; overwritten
 * @source Goodnight, "A Tutorial on the SWEEP Operator", 1979
 */
export function invertPositiveDefinite(matrix: Float64Array, size: number): Float64Array {
  // Of the rows at hand: as they are, and multiplied by the inverse of their own block.
  const panel = new Float64Array(block * size);
  const solved = new Float64Array(block * size);
  for (let start = 0; start < size; start += block) {
    const width = Math.min(block, size - start);
    copyPanel(matrix, size, start, width, panel);
    const pivot = invertedPivot(panel, size, start, width);
    multiplyPivot(pivot, panel, solved, size, width);
    for (let row = 0; row < size; row++)
      if (row < start || row >= start + width) subtractRow(matrix, panel, solved, size, row, width);
    placePanel(matrix, solved, pivot, size, start, width);
  }
  // Swept everywhere, the upper half holds minus the inverse.
  for (let row = 0; row < size; row++)
    for (let column = row; column < size; column++) {
      const value = -matrix[row * size + column]!;
      matrix[row * size + column] = value;
      matrix[column * size + row] = value;
    }
  return matrix;
}

/** The rows of the block in full length: left of the diagonal they are read out of the upper half's columns. */
function copyPanel(matrix: Float64Array, size: number, start: number, width: number, panel: Float64Array) {
  for (let k = 0; k < width; k++) {
    const row = start + k;
    for (let column = 0; column < row; column++) panel[k * size + column] = matrix[column * size + row]!;
    panel.set(matrix.subarray(row * size + row, (row + 1) * size), k * size + row);
  }
}

/** Gauss-Jordan; pivoting is not needed for a positive definite block. */
function invertedPivot(panel: Float64Array, size: number, start: number, width: number): Float64Array {
  const pivot = new Float64Array(width * width);
  for (let k = 0; k < width; k++)
    for (let j = 0; j < width; j++) pivot[k * width + j] = panel[k * size + start + j]!;
  for (let k = 0; k < width; k++) {
    const diagonal = pivot[k * width + k]!;
    pivot[k * width + k] = 1;
    for (let j = 0; j < width; j++) pivot[k * width + j]! /= diagonal;
    for (let i = 0; i < width; i++) {
      if (i === k) continue;
      const factor = pivot[i * width + k]!;
      pivot[i * width + k] = 0;
      for (let j = 0; j < width; j++) pivot[i * width + j]! -= factor * pivot[k * width + j]!;
    }
  }
  return pivot;
}

function multiplyPivot(
  pivot: Float64Array,
  panel: Float64Array,
  solved: Float64Array,
  size: number,
  width: number,
) {
  solved.fill(0);
  for (let k = 0; k < width; k++)
    for (let j = 0; j < width; j++) {
      const factor = pivot[k * width + j]!;
      for (let column = 0; column < size; column++)
        solved[k * size + column]! += factor * panel[j * size + column]!;
    }
}

/** Four rows of the panel at a time: reading and writing the row is what costs. */
function subtractRow(
  matrix: Float64Array,
  panel: Float64Array,
  solved: Float64Array,
  size: number,
  row: number,
  width: number,
) {
  const target = row * size;
  let k = 0;
  for (; k + 4 <= width; k += 4) {
    const a = panel[k * size + row]!;
    const b = panel[(k + 1) * size + row]!;
    const c = panel[(k + 2) * size + row]!;
    const d = panel[(k + 3) * size + row]!;
    const [one, two, three, four] = [k * size, (k + 1) * size, (k + 2) * size, (k + 3) * size];
    for (let column = row; column < size; column++)
      matrix[target + column]! -=
        a * solved[one + column]! +
        b * solved[two + column]! +
        c * solved[three + column]! +
        d * solved[four + column]!;
  }
  for (; k < width; k++) {
    const factor = panel[k * size + row]!;
    for (let column = row; column < size; column++)
      matrix[target + column]! -= factor * solved[k * size + column]!;
  }
}

function placePanel(
  matrix: Float64Array,
  solved: Float64Array,
  pivot: Float64Array,
  size: number,
  start: number,
  width: number,
) {
  for (let k = 0; k < width; k++) {
    const row = start + k;
    for (let column = 0; column < start; column++) matrix[column * size + row] = solved[k * size + column]!;
    for (let j = k; j < width; j++) matrix[row * size + start + j] = -pivot[k * width + j]!;
    for (let column = start + width; column < size; column++)
      matrix[row * size + column] = solved[k * size + column]!;
  }
}
