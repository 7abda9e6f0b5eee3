/** Who changed a canister. */
export type ChangeOrigin =
  | { kind: "user"; id: Uint8Array }
  /** @property version of the caller as it gave it itself */
  | { kind: "canister"; id: Uint8Array; version?: bigint | undefined };

export type ChangeDetails =
  | { kind: "creation" | "controllersChange"; controllers: Uint8Array[] }
  | { kind: "codeUninstall" }
  | { kind: "codeDeployment"; mode: "install" | "reinstall" | "upgrade"; moduleHash: Uint8Array }
  | {
      kind: "loadSnapshot";
      canisterVersion: bigint;
      snapshotId: Uint8Array;
      takenAt: bigint;
      source: "taken" | "uploaded";
    };

export interface Change {
  /** Nanoseconds since 1970. */
  timestamp: bigint;
  /** The canister's after the change. */
  version: bigint;
  origin: ChangeOrigin;
  details: ChangeDetails;
}

/** The latest changes of a canister, oldest first, and the total number. */
export interface CanisterHistory {
  total: bigint;
  changes: Change[];
}

/** @source IC interface specification, canister_info: "at least the 20 most recent changes" */
const kept = 20;

/** @param canister as it is after the change */
export function recordChange(
  canister: { version: bigint; history: CanisterHistory },
  change: Omit<Change, "version">,
): void {
  const { total, changes } = canister.history;
  const all = [...changes, { ...change, version: canister.version }];
  canister.history = { total: total + 1n, changes: all.slice(-kept) };
}
