import type { z } from "zod";
import { EngagementEvent } from "./event.ts";

/** What is wrong with one field of an event. */
export type EventProblem = { field: string; message: string };

export type ParsedEvent =
  | { outcome: "valid"; event: EngagementEvent }
  | { outcome: "invalid"; problems: EventProblem[] };

/** With a blank at an end they would be others, and look the same. */
const names = ["user", "video", "creator"] as const;

/** A device's clock may be this much ahead. */
const tolerance = 5 * 60_000;

/**
 * Judges one event as it came from outside. Fields that are null count as absent.
 * @param now milliseconds since 1970: an event may not come from the future
 * @param options.windowMs how old an event may be; any age since 2001 without it
 */
export function parseEvent(
  input: unknown,
  now: number,
  { windowMs = Number.POSITIVE_INFINITY }: { windowMs?: number } = {},
): ParsedEvent {
  const result = EngagementEvent.safeParse(withoutNulls(input));
  if (!result.success) return { outcome: "invalid", problems: result.error.issues.flatMap(explain(input)) };
  const padded = names.filter((name) =>
    /^\s|\s$/u.test(String((result.data as Record<string, unknown>)[name] ?? "")),
  );
  if (padded.length > 0)
    return {
      outcome: "invalid",
      problems: padded.map((field) => ({ field, message: "begins or ends with a blank" })),
    };
  if (result.data.at > now + tolerance)
    return { outcome: "invalid", problems: [{ field: "at", message: "lies in the future" }] };
  if (result.data.at < now - windowMs) {
    const message = `lies more than ${Math.round(windowMs / 86_400_000)} days back: import older events with kiln events import`;
    return { outcome: "invalid", problems: [{ field: "at", message }] };
  }
  return { outcome: "valid", event: result.data };
}

/** `line 3: watchedMs: expected a whole number of milliseconds, not "abc"` */
export const problemLine = (line: number, { field, message }: EventProblem): string =>
  `line ${line}: ${field === "" ? "" : `${field}: `}${message}`;

function explain(input: unknown): (issue: z.core.$ZodIssue) => EventProblem[] {
  return (issue) => {
    if (issue.code === "unrecognized_keys")
      return issue.keys.map((field) => ({ field, message: "is not a field of this type of event" }));
    const [field] = issue.path;
    if (field === undefined) return [{ field: "", message: "expected an object" }];
    const value = (input as Record<string, unknown>)[String(field)];
    const got = value === undefined || value === null ? "it is missing" : `not ${JSON.stringify(value)}`;
    return [{ field: String(field), message: `${issue.message}; ${got}` }];
  };
}

function withoutNulls(input: unknown): unknown {
  if (typeof input !== "object" || input === null || Array.isArray(input)) return input;
  return Object.fromEntries(Object.entries(input).filter(([, value]) => value !== null));
}
