import sharp from "sharp";
import { learningCurve } from "./learning-curve.ts";
import type { TrainingReport } from "./training-report.ts";

const [width, height] = [640, 240];

/** The learning curves as a PNG picture, one above the other; white where there was no network to train. */
export async function reportPicture({ networks }: TrainingReport): Promise<Buffer> {
  const curves = (["loss", "ndcg"] as const).map((measure) => learningCurve(networks, measure));
  const background = { width, height: 2 * height, channels: 3 as const, background: "#ffffff" };
  return await sharp({ create: background })
    .composite(
      curves.flatMap((svg, index) =>
        svg === "" ? [] : [{ input: Buffer.from(svg), left: 0, top: index * height }],
      ),
    )
    .png()
    .toBuffer();
}
