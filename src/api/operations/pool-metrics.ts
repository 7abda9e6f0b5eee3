import { collectDefaultMetrics, Gauge, Histogram, Registry } from "prom-client";
import type { EventStream } from "../../events/event-stream.ts";
import type { Pool } from "../../queues/pool-status.ts";

/** What is measured besides the API itself: absent where there is no pool. */
export type Measured = { pool: Pick<Pool, "queueStatus" | "workers">; stream: Pick<EventStream, "length"> };

/** The upper bounds of the buckets of request times, in seconds. */
const buckets = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5];

/** The metrics of the API process and of the pool, for Prometheus. The pool's are read when they are asked for. */
export class PoolMetrics {
  readonly contentType: string;
  readonly #registry = new Registry();
  readonly #requests = new Histogram({
    name: "kiln_http_request_seconds",
    help: "Time until a request was answered.",
    labelNames: ["method", "route", "status"] as const,
    buckets,
    registers: [this.#registry],
  });

  constructor(measured: Measured | undefined) {
    this.contentType = this.#registry.contentType;
    collectDefaultMetrics({ register: this.#registry });
    // Gauges with the names of counters, which promtool refuses.
    for (const what of ["handles", "requests", "resources"])
      this.#registry.removeSingleMetric(`nodejs_active_${what}_total`);
    if (measured !== undefined) this.#addPool(measured);
  }

  /** @param route as it was registered, so that there are as many series as routes */
  observe(request: { method: string; route: string; status: number }, seconds: number): void {
    this.#requests.observe(request, seconds);
  }

  /** @returns the metrics in Prometheus' text format */
  async text(): Promise<string> {
    return await this.#registry.metrics();
  }

  #addPool({ pool, stream }: Measured): void {
    const gauge = <Label extends string>(
      name: string,
      help: string,
      labelNames: readonly Label[],
      read: (gauge: Gauge<Label>) => Promise<void>,
    ) =>
      new Gauge({
        ...{ name, help, labelNames, registers: [this.#registry] },
        async collect() {
          this.reset();
          await read(this);
        },
      });
    gauge("kiln_queue_jobs", "Jobs by stage and state.", ["stage", "state"], async (jobs) => {
      for (const { stage, waiting, active, delayed } of await pool.queueStatus())
        for (const [state, count] of Object.entries({ waiting, active, delayed }))
          jobs.set({ stage, state }, count);
    });
    gauge("kiln_queue_oldest_seconds", "Age of the job that has waited longest.", ["stage"], async (age) => {
      for (const { stage, oldest } of await pool.queueStatus())
        age.set({ stage }, oldest === undefined ? 0 : (Date.now() - oldest) / 1000);
    });
    gauge("kiln_queue_paused", "1 while an operator has paused the stage.", ["stage"], async (isPaused) => {
      for (const { stage, paused } of await pool.queueStatus()) isPaused.set({ stage }, paused ? 1 : 0);
    });
    gauge("kiln_workers", "Worker processes that run.", [], async (count) =>
      count.set((await pool.workers()).length),
    );
    gauge("kiln_worker_slots", "Jobs that the workers can do at a time.", ["stage"], async (slots) => {
      for (const worker of await pool.workers())
        for (const [stage, count] of Object.entries(worker.slots)) slots.inc({ stage }, count);
    });
    gauge(
      "kiln_workers_paused",
      "Workers that take no jobs of some stages, by what they lack, or because they are drained.",
      ["reason"],
      async (paused) => {
        for (const worker of await pool.workers())
          for (const { reason } of worker.paused) paused.inc({ reason });
      },
    );
    gauge("kiln_events_waiting", "Events in Redis that are not in the lake yet.", [], async (waiting) =>
      waiting.set(await stream.length()),
    );
  }
}
