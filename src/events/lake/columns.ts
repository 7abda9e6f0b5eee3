import type { EngagementEvent } from "../event.ts";

/** The columns of the lake and of exported files, in order: the fields of every type of event side by side. */
export const columns = {
  id: "VARCHAR",
  at: "BIGINT",
  type: "VARCHAR",
  user: "VARCHAR",
  video: "VARCHAR",
  session: "VARCHAR",
  source: "VARCHAR",
  position: "BIGINT",
  modelVersion: "VARCHAR",
  propensity: "DOUBLE",
  watchedMs: "BIGINT",
  totalMs: "BIGINT",
  creator: "VARCHAR",
  feed: "VARCHAR",
  candidates: "VARCHAR",
  impression: "VARCHAR",
} as const satisfies Record<AllKeys<EngagementEvent>, "VARCHAR" | "BIGINT" | "DOUBLE">;

export type Column = keyof typeof columns;

type AllKeys<Union> = Union extends unknown ? keyof Union : never;

export const columnNames = Object.keys(columns) as Column[];

/** The columns as SQL declares them; `user` is a word of SQL's own. */
export const columnDeclarations = columnNames.map((name) => `"${name}" ${columns[name]}`).join(", ");
