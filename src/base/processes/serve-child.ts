import { describeFailure } from "./failure.ts";
import { type FromChild, type Operation, ToChild } from "./operation.ts";

export type Control<Report> = {
  /** Aborted when the parent wants the work to stop. */
  signal: AbortSignal;
  report: (report: Report) => void;
};

type Work<Request, Report, Answer> = (request: Request, control: Control<Report>) => Promise<Answer>;

/** An operation with the function that does it. */
export type Service = {
  name: string;
  answer: (request: unknown, control: Control<unknown>) => Promise<unknown>;
};

export const service = <Request, Report, Answer>(
  { name, request }: Operation<Request, Report, Answer>,
  work: Work<Request, Report, Answer>,
): Service => ({ name, answer: async (raw, control) => await work(request.parse(raw), control) });

/** The whole life of a child process: it answers its parent's requests one after the other and exits with the parent. */
export function serveChild(services: readonly Service[]): void {
  let stop = new AbortController();
  const send = (message: FromChild) => process.connected && process.send!(message);

  async function serve({ operation, request }: Extract<ToChild, { type: "request" }>): Promise<void> {
    stop = new AbortController();
    const control = {
      signal: stop.signal,
      report: (report: unknown) => void send({ type: "report", report }),
    };
    try {
      const found = services.find(({ name }) => name === operation);
      if (found === undefined) throw new TypeError(`this process does not do ${operation}`);
      send({ type: "answer", answer: await found.answer(request, control) });
    } catch (error) {
      send({ type: "failure", failure: describeFailure(error) });
    }
  }

  // Ctrl-C reaches the whole foreground group, and a service manager signals every process: the parent decides.
  process.on("SIGINT", () => {}).on("SIGTERM", () => {});
  process.on("disconnect", () => process.exit());
  process.on("message", (raw) => {
    const message = ToChild.parse(raw);
    if (message.type === "stop") stop.abort();
    else void serve(message);
  });
}
