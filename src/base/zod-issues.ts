import type { z } from "zod";

/** What a schema found wrong, in one line: `segments.first: expected array; files: ...`. */
export const issuesOf = ({ issues }: z.ZodError): string =>
  issues.map(({ path, message }) => (path.length > 0 ? `${path.join(".")}: ${message}` : message)).join("; ");

/**
 * A message for people where zod's own names types ("expected number, received NaN"). For the `error` parameter of
 * `safeParse`; messages that a schema has itself come first.
 * @returns undefined where zod's own message will do
 */
export function plainIssue(issue: z.core.$ZodRawIssue): string | undefined {
  switch (issue.code) {
    case "invalid_type":
      if (issue.input === undefined) return "it must be given";
      if (issue.expected === "number") return "it must be a number";
      if (issue.expected === "int") return "it must be a whole number";
      if (issue.expected === "boolean") return "it must be true or false";
      return `it must be of the type ${issue.expected}`;
    case "too_small":
      return sized(issue.origin, issue.inclusive === false ? "more than" : "at least", issue.minimum);
    case "too_big":
      return sized(issue.origin, issue.inclusive === false ? "less than" : "at most", issue.maximum);
    case "invalid_value":
      return `it must be ${issue.values.length > 1 ? "one of " : ""}${issue.values.join(", ")}`;
    default:
      return undefined;
  }
}

function sized(origin: string, comparison: string, limit: number | bigint): string {
  if (origin === "string") return `it must have ${comparison} ${limit} characters`;
  if (origin === "array" || origin === "set") return `it must have ${comparison} ${limit} entries`;
  return `it must be ${comparison} ${limit}`;
}
