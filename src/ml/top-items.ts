/**
 * The items of the highest scores, best first; of equal ones the lower number. Those of score minus infinity are
 * left out.
 */
export function topItems(scores: Float32Array | Float64Array, count: number): Int32Array {
  const list = new Int32Array(Math.min(count, scores.length));
  let filled = 0;
  for (let item = 0; item < scores.length; item++) {
    const score = scores[item]!;
    if (score === Number.NEGATIVE_INFINITY) continue;
    if (filled === list.length && score <= scores[list[filled - 1]!]!) continue;
    let place = filled < list.length ? filled++ : filled - 1;
    for (; place > 0 && scores[list[place - 1]!]! < score; place--) list[place] = list[place - 1]!;
    list[place] = item;
  }
  return list.subarray(0, filled);
}
