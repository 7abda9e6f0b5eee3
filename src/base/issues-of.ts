import type { z } from "zod";

/** What a schema found wrong, in one line: `segments.first: expected array; files: ...`. */
export const issuesOf = ({ issues }: z.ZodError): string =>
  issues.map(({ path, message }) => (path.length > 0 ? `${path.join(".")}: ${message}` : message)).join("; ");
