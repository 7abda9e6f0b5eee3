import { openDatabase, rowsOf } from "./duckdb.ts";
import { lakeQuery } from "./lake.ts";

/** A shown video, its propensity, and how much of it was watched. */
export type LoggedImpression = {
  user: string;
  video: string;
  /** Milliseconds since 1970. */
  at: number;
  propensity: number;
  /** 0 if it was not watched; above 1 if it was replayed. */
  watchedShare: number;
};

/** The impressions of the lake in the order of time. */
export async function* lakeImpressions(lake: string): AsyncGenerator<LoggedImpression> {
  const events = await lakeQuery(lake);
  if (events === undefined) return;
  using database = await openDatabase();
  yield* rowsOf(
    database.connection,
    `WITH events AS (${events})
    SELECT shown."user", shown.video, shown."at", shown.propensity,
      coalesce(max(watched.watchedMs / watched.totalMs), 0) AS "watchedShare"
    FROM events AS shown LEFT JOIN events AS watched
      ON watched.type = 'watch' AND watched."user" = shown."user" AND watched.video = shown.video
      AND watched."at" >= shown."at"
    WHERE shown.type = 'impression'
    GROUP BY shown.id, shown."user", shown.video, shown."at", shown.propensity
    ORDER BY shown."at", shown.id`,
  ) as AsyncGenerator<LoggedImpression>;
}
