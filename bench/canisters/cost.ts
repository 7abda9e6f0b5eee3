/** What one kind of call took by localnet's counters, beside the platform's limit. */
export type Cost = { what: string; instructions: number; limit: number; detail: string };

/** Instructions of one message. @source Internet Computer documentation, "Resource limits" */
export const limits = { update: 40e9, query: 5e9 };
