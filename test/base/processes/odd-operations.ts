import { z } from "zod";
import type { Operation } from "../../../src/base/processes/operation.ts";

/** What the child of the tests is to do. */
const Deed = z.enum([
  "answer",
  "answer with its id",
  "report",
  "report rubbish",
  "answer rubbish",
  "fail",
  "fail for good",
  "complain and crash",
  "loop",
  "hoard",
  "wait",
  "wait in vain",
  "leave a trace when stopped",
]);

export const oddOperation: Operation<
  { deed: z.infer<typeof Deed>; path?: string | undefined },
  number,
  number
> = {
  name: "odd",
  request: z.object({ deed: Deed, path: z.string().optional() }),
  report: z.number(),
  answer: z.number(),
};
