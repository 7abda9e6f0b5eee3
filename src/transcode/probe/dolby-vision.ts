import type { FfprobeSideData } from "./ffprobe-report.ts";

/**
 * Whether a Dolby Vision stream shows wrong colours on everything else: its base layer is in Dolby's own
 * colour space. That is profile 5, and any profile from 8 on whose configuration record declares the base
 * layer compatible with nothing (0); older profiles left that field empty and are compatible.
 * @source Dolby Vision Profiles and Levels, version 1.4, table 2
 */
export function needsDolbyVision({
  dv_profile: profile,
  dv_bl_signal_compatibility_id: compatibility,
}: FfprobeSideData): boolean {
  if (profile === undefined) return false;
  return profile === 5 || (profile >= 8 && compatibility === 0);
}
