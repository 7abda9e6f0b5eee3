import type { Policy, Preset } from "../base/settings.ts";

const ofProfile = { fast: "superfast", balanced: "veryfast", quality: "medium" } as const;

/** x264 and x265 share the names of their presets; one that the operator names goes before the profile's. */
export const presetOf = ({ preset, profile }: Pick<Policy, "preset" | "profile">): Preset =>
  preset ?? ofProfile[profile];
