import {
  type Decision,
  isSettled,
  type Moderation,
  type Reason,
  type Stage,
  type VideoRecord,
  VideoState,
} from "./video.ts";

/** Events of a video. Those with `attempt` are fenced by it; those with `run` belong to one time that it was enqueued. */
export type VideoEvent =
  | { type: "ingest-begun" | "transcode-begun" | "publish-begun"; run: number }
  | { type: "accepted"; attempt: number }
  | { type: "encoded"; attempt: number; product: number }
  | { type: "cleared"; attempt: number; moderation?: Moderation }
  | { type: "published"; attempt: number; url: string }
  | { type: "rejected"; attempt: number; reason: Reason }
  | { type: "failed"; attempt: number; reason: Reason }
  | { type: "retried"; source: string }
  /** A failed or rejected video is tried again, from a stage on. */
  | { type: "reopened"; from: Stage }
  /** The current stage waits out a temporary failure and continues by itself. */
  | { type: "waited"; attempt: number; reason: Reason }
  | { type: "banned"; reason: Reason; moderation?: Moderation; decision?: Decision }
  /** A moderator lifts a ban; `from` is the state in which the work resumes. */
  | { type: "lifted"; decision: Decision; from: "received" | "accepted" | "cleared" }
  /** A video that was not judged before is judged, or a moderator clears a public one. */
  | { type: "judged"; moderation?: Moderation; decision?: Decision }
  | { type: "deleted" };

/**
 * Why an event has no effect.
 * - STALE_ATTEMPT: a newer attempt or run has taken over
 * - ALREADY_DONE: the stage was finished before
 * - SETTLED: the video was rejected, banned or deleted, or it failed: the work is not needed
 * - NOT_ALLOWED: the event makes no sense in this state
 */
export type Refusal = "STALE_ATTEMPT" | "ALREADY_DONE" | "SETTLED" | "NOT_ALLOWED";

export type Transition = { outcome: "moved"; record: VideoRecord } | { outcome: "refused"; why: Refusal };

type Moves = Partial<Record<VideoEvent["type"], VideoState>>;

/** All transitions: state x event -> next state. Others are refused. */
export const moves: Readonly<Record<VideoState, Moves>> = {
  received: {
    "ingest-begun": "received",
    waited: "received",
    accepted: "accepted",
    rejected: "rejected",
    failed: "failed",
    deleted: "deleted",
  },
  accepted: { "transcode-begun": "encoding", failed: "failed", deleted: "deleted" },
  encoding: {
    "transcode-begun": "encoding",
    waited: "encoding",
    encoded: "encoded",
    rejected: "rejected",
    failed: "failed",
    deleted: "deleted",
  },
  encoded: {
    // After a worker that died between `encoded` and `cleared`, the next attempt does the rest of the stage.
    "transcode-begun": "encoding",
    cleared: "cleared",
    banned: "banned",
    failed: "failed",
    deleted: "deleted",
  },
  cleared: {
    judged: "cleared",
    "publish-begun": "publishing",
    banned: "banned",
    failed: "failed",
    deleted: "deleted",
  },
  publishing: {
    "publish-begun": "publishing",
    waited: "publishing",
    judged: "publishing",
    published: "published",
    banned: "banned",
    failed: "failed",
    deleted: "deleted",
  },
  published: { judged: "published", banned: "banned", deleted: "deleted" },
  // A failed stage begins again from its own checkpoint, see `resumed`.
  failed: { retried: "received", reopened: "received", banned: "banned", deleted: "deleted" },
  // The event names the state in which it resumes.
  banned: { lifted: "cleared", deleted: "deleted" },
  // After a limit was raised, or where a host was at fault.
  rejected: { reopened: "received" },
  deleted: {},
};

/** The state in which a stage waits to be begun. */
const resumed: Readonly<Record<Stage, VideoState>> = {
  ingest: "received",
  transcode: "accepted",
  publish: "cleared",
};

const begins: Partial<Record<VideoEvent["type"], Stage>> = {
  "ingest-begun": "ingest",
  "transcode-begun": "transcode",
  "publish-begun": "publish",
};

/** The event that begins `stage`; it takes the next fencing number. */
export function begun(stage: Stage, run: number): VideoEvent {
  return { type: `${stage}-begun`, run };
}

/**
 * Applies an event to a record. Pure: neither argument changes.
 * @param now milliseconds since 1970
 */
export function transition(record: VideoRecord, event: VideoEvent, now: number): Transition {
  const stage = begins[event.type];
  const next = moves[record.state][event.type];
  if ("run" in event && event.run !== record.run) return refused("STALE_ATTEMPT");
  if ("attempt" in event && event.attempt !== record.attempt) return refused("STALE_ATTEMPT");
  if (next === undefined) return refused(stage ? whyNotBegun(record.state, stage) : "NOT_ALLOWED");
  if (event.type === "reopened" && event.from === "publish" && record.product === undefined)
    return refused("NOT_ALLOWED");
  // The reason of an earlier end goes with the state that it explained; a wait lasts until the stage gets further.
  const { reason: _, waiting, ...kept } = record;
  const waits = waiting === undefined || stage === undefined ? {} : { waiting };
  const moved = {
    ...kept,
    ...waits,
    ...changes(record, event, now),
    revision: record.revision + 1,
    updatedAt: now,
  };
  return { outcome: "moved", record: { ...moved, state: stateAfter(record, event, next) } };
}

/** The fields, besides the state, that an event sets. */
function changes(record: VideoRecord, event: VideoEvent, now: number): Partial<VideoRecord> {
  switch (event.type) {
    case "ingest-begun":
    case "transcode-begun":
    case "publish-begun":
      return { attempt: record.attempt + 1, stage: begins[event.type]! };
    case "encoded":
      return { product: event.product };
    case "published":
      return { url: event.url };
    case "cleared":
      return moderated(event);
    case "banned":
      return { reason: event.reason, ...moderated(event), ...decided(record, event) };
    case "judged":
      return { ...moderated(event), ...decided(record, event) };
    case "lifted":
      // A new number, so that work that began before the ban is refused.
      return { run: record.run + 1, attempt: record.attempt + 1, ...decided(record, event) };
    case "rejected":
    case "failed":
      return { reason: event.reason };
    case "waited":
      return { waiting: { ...event.reason, since: record.waiting?.since ?? now } };
    case "reopened": {
      const attempt = record.attempt + 1;
      return {
        ...{ run: record.run + 1, attempt, stage: event.from },
        ...(event.from === "publish" ? {} : { oldestProduct: attempt }),
      };
    }
    case "retried":
      // A new number, so that late events of the former run are refused.
      return { run: record.run + 1, attempt: record.attempt + 1, source: event.source };
    default:
      return {};
  }
}

const moderated = ({ moderation }: { moderation?: Moderation }): Partial<VideoRecord> =>
  moderation === undefined ? {} : { moderation };

const decided = (
  { decisions = [] }: VideoRecord,
  { decision }: { decision?: Decision },
): Partial<VideoRecord> => (decision === undefined ? {} : { decisions: [...decisions, decision] });

function stateAfter(record: VideoRecord, event: VideoEvent, listed: VideoState): VideoState {
  if (event.type === "lifted") return event.from;
  if (event.type === "reopened") return resumed[event.from];
  return event.type === "retried" && record.stage ? resumed[record.stage] : listed;
}

function whyNotBegun(state: VideoState, stage: Stage): Refusal {
  const order = VideoState.options;
  if (isSettled(state) && state !== "published") return "SETTLED";
  return order.indexOf(state) > order.indexOf(resumed[stage]) ? "ALREADY_DONE" : "NOT_ALLOWED";
}

function refused(why: Refusal): Transition {
  return { outcome: "refused", why };
}
