import type { PoolStatus, ReasonCount, RunningJob } from "../../queues/pool-status.ts";
import { tableLines } from "../output.ts";
import { awaited, minute } from "../videos/standing.ts";

type Worker = PoolStatus["workers"][number];

/** The status for people: what needs an operator stands first. */
export function statusLines(status: PoolStatus): string[] {
  const { at, workers, queues, running, waiting, failed, rejected, states, recent } = status;
  const counts = Object.entries(states).map(([state, videos]) => `${videos} ${state}`);
  return [
    ...problems(status).map((line) => `! ${line}`),
    ...section(
      "hosts",
      ["worker", "stages", "running", "", "version"],
      workers.map((worker) => [
        worker.id,
        stages(worker),
        `${worker.running.length}`,
        doing(worker),
        worker.version,
      ]),
    ),
    ...section(
      "queues",
      ["stage", "waiting", "active", "delayed", "oldest", ""],
      queues.map(({ stage, waiting, active, delayed, oldest, paused }) => [
        ...[stage, `${waiting}`, `${active}`, `${delayed}`],
        oldest === undefined ? "" : duration(at - oldest),
        paused ? "paused" : "",
      ]),
    ),
    ...section(
      "running",
      ["job", "stage", "step", "done", "for", "left", "worker"],
      running.map((job) => runningRow(job, at)),
    ),
    ...section(
      "waiting",
      ["videos", "for", "since", "example"],
      waiting.map(({ videos, since, example, ...waits }) => [
        ...[`${videos}`, awaited(waits), minute(since)],
        `${example.id}: ${example.message}`,
      ]),
    ),
    ...section("failed", ["videos", "code", "example"], failed.map(reasonRow)),
    ...section("rejected", ["videos", "code", "example"], rejected.map(reasonRow)),
    `${recent === 0 ? "no videos yet" : `the newest ${recent} videos: ${counts.join(", ")}`}`,
  ];
}

/** What keeps jobs from being done although they are there, a sentence each. */
function problems({ workers, queues }: PoolStatus): string[] {
  const taking = new Set(
    workers.filter(({ drained }) => !drained).flatMap(({ slots }) => Object.keys(slots)),
  );
  const idle = queues.filter(({ stage, waiting, paused }) => waiting > 0 && (paused || !taking.has(stage)));
  return idle.map(({ stage, waiting, paused }) =>
    paused
      ? `${waiting} jobs wait for ${stage}, which is paused: kiln queues resume ${stage}`
      : `${waiting} jobs wait for ${stage}, and no worker takes any: start kiln worker, or resume a drained host`,
  );
}

function section(title: string, head: readonly string[], rows: readonly (readonly string[])[]): string[] {
  if (rows.length === 0) return title === "hosts" ? ["no worker runs: kiln worker, or kiln up", ""] : [];
  return [title.toUpperCase(), ...tableLines(head, rows).map((line) => `  ${line}`), ""];
}

const stages = ({ slots }: Worker) =>
  Object.entries(slots)
    .map(([stage, count]) => `${stage} ${count}`)
    .join(", ");

function doing({ drained, running, paused }: Worker): string {
  const others = paused.filter(({ reason }) => reason !== "drained");
  const lacks = others.map(({ reason, since }) => `without ${reason} since ${minute(since)}`);
  if (!drained) return lacks.join("; ");
  return [running.length === 0 ? "drained" : "draining", ...lacks].join("; ");
}

function runningRow({ job, stage, since, worker, video }: RunningJob, now: number): string[] {
  const { stage: step = "", fraction } = video?.progress ?? {};
  const passed = now - since;
  // Of the step: how long the steps after it take is not known.
  const left =
    fraction !== undefined && fraction >= 0.05 ? duration((passed / fraction) * (1 - fraction)) : "";
  const done = fraction === undefined ? "" : `${Math.floor(fraction * 100)} %`;
  return [video ? `${video.id} ${video.title}` : job, stage, step, done, duration(passed), left, worker];
}

const reasonRow = ({ videos, code, example }: ReasonCount) => [
  `${videos}`,
  code,
  `${example.id}: ${example.message}`,
];

/** 3_723_000 -> "1 h 2 min" */
export function duration(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1000));
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} min ${seconds % 60} s`;
  const hours = Math.floor(minutes / 60);
  return hours < 24 ? `${hours} h ${minutes % 60} min` : `${Math.floor(hours / 24)} d ${hours % 24} h`;
}
