import type { Operation } from "../../base/processes/operation.ts";
import { type Child, ChildLost, startChild } from "../../base/processes/start-child.ts";
import { TypedError } from "../../base/typed-error.ts";
import { readingOf, TranscodeSettings } from "./settings.ts";

/** What reading a viewer's file, or what was decoded from it, may take. */
export type ReadingBounds = {
  seconds: number;
  memoryBytes: number;
};

export type ReadingOptions = { bounds?: ReadingBounds | undefined; signal?: AbortSignal | undefined };

const program = new URL("../reader-program.ts", import.meta.url);
/** A reader is kept for the next step of the same video: starting one costs more than most of what it does. */
const idleMs = 10_000;

type Idle = { child: Child; memoryBytes: number; timer: NodeJS.Timeout };
const idle = new Set<Idle>();

/**
 * Has bytes that came from a viewer read by a child process, because a parser may loop, hoard memory or crash on them.
 * @throws TypedError PROBE_LIMIT when the child was killed for its bounds, READER_DIED when it crashed; what the
 *   operation throws; the signal's reason when it was aborted
 */
export async function askReader<Request, Answer>(
  operation: Operation<Request, never, Answer>,
  request: Request,
  { bounds = readingOf(TranscodeSettings.parse({})), signal }: ReadingOptions = {},
): Promise<Answer> {
  signal?.throwIfAborted();
  const { seconds, memoryBytes } = bounds;
  const child = takeIdle(memoryBytes) ?? startChild(program, { memoryBytes });
  try {
    return await child.ask(operation, request, { seconds, signal });
  } catch (cause) {
    if (!(cause instanceof ChildLost)) throw cause;
    const code = cause.why === "late" || cause.why === "memory" ? "PROBE_LIMIT" : "READER_DIED";
    throw new TypedError(code, `the process for the ${operation.name} was ${how(cause)}`, { cause });
  } finally {
    if (child.alive()) keepIdle(child, memoryBytes);
    else await child[Symbol.asyncDispose]();
  }
}

const how = ({ why, message }: ChildLost) => (why === "ended" ? `lost: ${message}` : message);

function takeIdle(memoryBytes: number): Child | undefined {
  for (const entry of idle) {
    if (entry.memoryBytes !== memoryBytes) continue;
    idle.delete(entry);
    clearTimeout(entry.timer);
    if (entry.child.alive()) return entry.child;
  }
  return undefined;
}

function keepIdle(child: Child, memoryBytes: number): void {
  child.idle();
  const timer = setTimeout(() => {
    idle.delete(entry);
    void child[Symbol.asyncDispose]();
  }, idleMs).unref();
  const entry = { child, memoryBytes, timer };
  idle.add(entry);
}
