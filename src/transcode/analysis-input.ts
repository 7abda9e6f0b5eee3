import type { AnalysisInput } from "../analysis/analysis-input.ts";
import { intermediates } from "./encode/command.ts";
import type { Size } from "./plan/ladder.ts";
import type { Prepared } from "./prepare.ts";

/**
 * What an analysis is given: the frames that the encode decoded for the pictures.
 * @param work folder of the intermediates
 */
export function analysisInputOf(
  { plan, loudness }: Pick<Prepared, "plan" | "loudness">,
  work: string,
): AnalysisInput {
  const { poster, storyboard, preview } = intermediates(plan, work).pictures;
  const sized = (path: string, { width, height }: Size) => ({ path, width, height });
  return {
    stills: sized(poster, plan.pictures.poster),
    tiles: sized(storyboard, plan.pictures.storyboard),
    moving: sized(preview, plan.pictures.preview),
    loudness,
  };
}
