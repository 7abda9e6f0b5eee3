import { TypedError } from "../../base/typed-error.ts";
import type { Manifest } from "../../transcode/manifest.ts";

/**
 * Refuses to publish what was not judged or was banned.
 * @param folder for the message
 * @throws TypedError NOT_MODERATED, VIDEO_BANNED
 */
export function requireVerdict({ analysis }: Pick<Manifest, "analysis">, folder: string): void {
  if (analysis === null)
    throw new TypedError(
      "NOT_MODERATED",
      `the content of ${folder} was not judged: transcode it again, or publish with KILN_MODERATION=off`,
    );
  const { verdict, explicit, banScore } = analysis.moderation;
  if (verdict === "banned")
    throw new TypedError(
      "VIDEO_BANNED",
      `${folder} is not published: its explicitness is ${explicit}, and ${banScore} is banned (KILN_BAN_SCORE)`,
    );
}
