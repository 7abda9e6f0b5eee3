/** Scores to logarithms of probabilities that sum to 1, in place, for each row of `width`. */
export function logSoftmaxRows(scores: Float32Array, width: number): Float32Array {
  for (let start = 0; start < scores.length; start += width) {
    const row = scores.subarray(start, start + width);
    let highest = Number.NEGATIVE_INFINITY;
    for (const score of row) if (score > highest) highest = score;
    let sum = 0;
    for (const score of row) sum += Math.exp(score - highest);
    const shift = highest + Math.log(sum);
    for (let index = 0; index < width; index++) row[index]! -= shift;
  }
  return scores;
}
