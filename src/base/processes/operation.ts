import { z } from "zod";
import { ErrorCode } from "../errors.ts";

/** Work that a child process does on request: the schemas of the request, of reports on the way, and of the answer. */
export type Operation<Request, Report, Answer> = {
  name: string;
  request: z.ZodType<Request>;
  report: z.ZodType<Report>;
  answer: z.ZodType<Answer>;
};

/** An error on its way from the child to the parent. */
export const Failure = z.object({
  name: z.string(),
  message: z.string(),
  /** Of a TypedError. */
  typed: ErrorCode.optional(),
  /** Of a system error, such as ENOSPC. */
  code: z.string().optional(),
  /** Of errors without a type: for the log. */
  stack: z.string().optional(),
});
export type Failure = z.infer<typeof Failure>;

/** Parent to child. Requests come one after the other; a stop belongs to the current one. */
export const ToChild = z.discriminatedUnion("type", [
  z.strictObject({ type: z.literal("request"), operation: z.string(), request: z.unknown() }),
  z.strictObject({ type: z.literal("stop") }),
]);
export type ToChild = z.infer<typeof ToChild>;

/** Child to parent: any number of reports, then one of the others. */
export const FromChild = z.discriminatedUnion("type", [
  z.strictObject({ type: z.literal("report"), report: z.unknown() }),
  z.strictObject({ type: z.literal("answer"), answer: z.unknown() }),
  z.strictObject({ type: z.literal("failure"), failure: Failure }),
]);
export type FromChild = z.infer<typeof FromChild>;
