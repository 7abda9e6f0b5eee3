/** Uses of cycles, named as in canister_metrics. */
export const uses = [
  "memory",
  "compute_allocation",
  "ingress_induction",
  "instructions",
  "request_and_response_transmission",
  "uninstall",
  "canister_creation",
  "http_outcalls",
  "burned_cycles",
] as const;

export type Use = (typeof uses)[number];

export function nothingConsumed(): Record<Use, bigint> {
  return Object.fromEntries(uses.map((use) => [use, 0n])) as Record<Use, bigint>;
}
