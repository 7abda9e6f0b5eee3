/**
 * The chance that a positive scores above a negative; ties count half.
 * @param labels 1 or 0, one a score
 * @returns nothing when all labels are the same
 * @source Hanley and McNeil, "The Meaning and Use of the Area under a ROC Curve", 1982 (as a rank statistic)
 */
export function areaUnderCurve(scores: Float64Array, labels: ArrayLike<number>): number | undefined {
  const order = Array.from(scores, (_, index) => index).sort((a, b) => scores[a]! - scores[b]!);
  let [rankSum, positives] = [0, 0];
  for (let start = 0; start < order.length; ) {
    let end = start;
    while (end < order.length && scores[order[end]!] === scores[order[start]!]) end++;
    // Those that tie share the mean of their places.
    const rank = (start + 1 + end) / 2;
    for (let at = start; at < end; at++)
      if (labels[order[at]!] === 1) {
        rankSum += rank;
        positives++;
      }
    start = end;
  }
  const negatives = order.length - positives;
  if (positives === 0 || negatives === 0) return undefined;
  return (rankSum - (positives * (positives + 1)) / 2) / (positives * negatives);
}
