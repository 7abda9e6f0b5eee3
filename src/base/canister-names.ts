/** The canisters that a deployment installs, in that order: later ones call earlier ones. */
export const deployedCanisters = [
  "global_configuration",
  "storage",
  "content_index",
  "data_backup",
  "user_index",
] as const;
export type DeployedCanister = (typeof deployedCanisters)[number];

/** All of Kiln's canisters; user canisters are installed by user_index. */
export const canisterNames = [...deployedCanisters, "user"] as const;
export type CanisterName = (typeof canisterNames)[number];
