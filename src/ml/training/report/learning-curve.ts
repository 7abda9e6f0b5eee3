import type { TrainingReport } from "./training-report.ts";

const [width, height, margin] = [640, 240, 48];
const colours = ["#2563eb", "#d97706", "#059669", "#7c3aed"];

type Point = { x: number; y: number };

/** One line a network over the epochs, as an SVG picture: the loss, or NDCG@10 on the validation items. */
export function learningCurve(networks: TrainingReport["networks"], measure: "loss" | "ndcg"): string {
  const lines = networks.map(({ curve }) =>
    curve.flatMap((point): Point[] => {
      const y = point[measure];
      return y === undefined ? [] : [{ x: point.epoch, y }];
    }),
  );
  const all = lines.flat();
  if (all.length === 0) return "";
  const [left, right] = span(all.map(({ x }) => x));
  const [low, high] = span(all.map(({ y }) => y));
  const place = ({ x, y }: Point) =>
    [
      margin + ((x - left) / (right - left)) * (width - 2 * margin),
      height - margin - ((y - low) / (high - low)) * (height - 2 * margin),
    ].map((value) => value.toFixed(1));
  const drawn = lines.map((points, index) => {
    const colour = colours[index % colours.length];
    const dots = points
      .map((point) => `<circle cx="${place(point)[0]}" cy="${place(point)[1]}" r="2.5" fill="${colour}"/>`)
      .join("");
    const path = points.map((point) => place(point).join(",")).join(" ");
    return `<polyline fill="none" stroke="${colour}" stroke-width="2" points="${path}"/>${dots}`;
  });
  const title = measure === "loss" ? "loss (training)" : "NDCG@10 (validation)";
  const label = (x: number, y: number, text: string, anchor = "middle") =>
    `<text x="${x}" y="${y}" text-anchor="${anchor}">${text}</text>`;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" font-family="sans-serif" font-size="12">`,
    `<rect width="${width}" height="${height}" fill="#ffffff"/>`,
    `<path d="M${margin} ${margin}V${height - margin}H${width - margin}" fill="none" stroke="#9ca3af"/>`,
    label(width / 2, 24, title),
    label(margin - 6, height - margin, low.toPrecision(3), "end"),
    label(margin - 6, margin + 4, high.toPrecision(3), "end"),
    label(margin, height - margin + 18, String(left)),
    label(width - margin, height - margin + 18, String(right)),
    label(width / 2, height - 14, "epoch"),
    ...drawn,
    "</svg>",
  ].join("\n");
}

/** The smallest and the largest value, apart even where they are the same. */
function span(values: readonly number[]): [number, number] {
  const [low, high] = [Math.min(...values), Math.max(...values)];
  return low === high ? [low - 1, high + 1] : [low, high];
}
