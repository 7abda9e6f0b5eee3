import type { Operation } from "./operation.ts";
import { type AskOptions, startChild } from "./start-child.ts";

export type AskChildOptions<Report> = AskOptions<Report> & {
  /** Resident memory above which the child is killed. */
  memoryBytes?: number | undefined;
};

/**
 * Has one piece of work done by a child process of its own, which has ended when this returns.
 * @param program a module that calls serveChild
 * @throws what the work threw: a TypedError as one, others with the child's stack
 * @throws ChildLost when the child died, left its bounds, or sent something that the operation does not allow
 * @throws the signal's reason when it was aborted, unless the answer came all the same
 */
export async function askChild<Request, Report, Answer>(
  program: URL,
  operation: Operation<Request, Report, Answer>,
  request: Request,
  { memoryBytes, ...options }: AskChildOptions<Report> = {},
): Promise<Answer> {
  options.signal?.throwIfAborted();
  await using child = startChild(program, { memoryBytes });
  return await child.ask(operation, request, options);
}
