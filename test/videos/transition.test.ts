import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { moves, transition, type VideoEvent } from "../../src/videos/transition.ts";
import { isSettled, newRecord, Stage, type VideoRecord, VideoState } from "../../src/videos/video.ts";

const reason = { code: "NOT_A_VIDEO", message: "no" };
const decision = { verdict: "clear", by: "moderator", reason: "satire", at: 7 } as const;
const fresh = newRecord(
  { title: "t", owner: "2vxsx-fae", source: "/t.mp4", sha256: "ab".repeat(32), bytes: 9 },
  1_000,
);

/** Every event as the attempt at work would send it. */
const events = (record: VideoRecord): VideoEvent[] => [
  { type: "ingest-begun", run: record.run },
  { type: "transcode-begun", run: record.run },
  { type: "publish-begun", run: record.run },
  { type: "accepted", attempt: record.attempt },
  { type: "encoded", attempt: record.attempt, product: record.attempt },
  { type: "cleared", attempt: record.attempt },
  { type: "published", attempt: record.attempt, url: "http://v.example/" },
  { type: "rejected", attempt: record.attempt, reason },
  { type: "failed", attempt: record.attempt, reason },
  { type: "retried", source: "/elsewhere.mp4" },
  { type: "banned", reason },
  { type: "deleted" },
  { type: "lifted", decision, from: "accepted" },
  { type: "judged", decision },
  { type: "reopened", from: "transcode" },
  { type: "waited", attempt: record.attempt, reason },
];

const after = (record: VideoRecord, event: VideoEvent) => {
  const result = transition(record, event, 2_000);
  return result.outcome === "moved" ? result.record : result.why;
};

/** One line a state: what every event leads to, in the order of `events`; - is NOT_ALLOWED. */
const table: Record<VideoState, string> = {
  received: "received - - accepted - - - rejected failed - - deleted - - - received",
  accepted: "ALREADY_DONE encoding - - - - - - failed - - deleted - - - -",
  encoding: "ALREADY_DONE encoding - - encoded - - rejected failed - - deleted - - - encoding",
  encoded: "ALREADY_DONE encoding - - - cleared - - failed - banned deleted - - - -",
  cleared: "ALREADY_DONE ALREADY_DONE publishing - - - - - failed - banned deleted - cleared - -",
  publishing:
    "ALREADY_DONE ALREADY_DONE publishing - - - published - failed - banned deleted - publishing - publishing",
  published: "ALREADY_DONE ALREADY_DONE ALREADY_DONE - - - - - - - banned deleted - published - -",
  rejected: "SETTLED SETTLED SETTLED - - - - - - - - - - - accepted -",
  failed: "SETTLED SETTLED SETTLED - - - - - - received banned deleted - - accepted -",
  banned: "SETTLED SETTLED SETTLED - - - - - - - - deleted accepted - - -",
  deleted: "SETTLED SETTLED SETTLED - - - - - - - - - - - - -",
};
for (const [state, expected] of Object.entries(table))
  test(`the life of a video: every event in state ${state}`, () => {
    const record = { ...fresh, state: state as VideoState };
    const outcomes = events(record).map((event) => {
      const next = after(record, event);
      return typeof next === "string" ? next.replace("NOT_ALLOWED", "-") : next.state;
    });
    assert.equal(outcomes.join(" "), expected);
  });

test("a stage that begins takes the next fencing number", () => {
  assert.deepEqual(after(fresh, { type: "ingest-begun", run: 1 }), {
    ...fresh,
    stage: "ingest",
    attempt: 1,
    revision: 2,
    updatedAt: 2_000,
  });
});

test("waiting: since the first time, over attempts, until the stage gets further", () => {
  const waited = (record: VideoRecord, at: number, code: string) => {
    const result = transition(
      record,
      { type: "waited", attempt: record.attempt, reason: { code, message: "" } },
      at,
    );
    assert.ok(result.outcome === "moved");
    return result.record;
  };
  const publishing: VideoRecord = { ...fresh, state: "publishing", stage: "publish", attempt: 3 };
  const first = waited(publishing, 5_000, "CANISTER_UNREACHABLE");
  const again = transition(first, { type: "publish-begun", run: 1 }, 6_000);
  assert.ok(again.outcome === "moved");
  const second = waited(again.record, 7_000, "BUCKET_FULL");
  assert.deepEqual(second.waiting, { code: "BUCKET_FULL", message: "", since: 5_000 });
  assert.deepEqual([second.state, second.attempt], ["publishing", 4]);
  const published = transition(second, { type: "published", attempt: 4, url: "http://v.example/" }, 8_000);
  assert.ok(published.outcome === "moved");
  assert.equal("waiting" in published.record, false);
});

test("reopened: a new run, and an encode of its own unless it only publishes again", () => {
  const record: VideoRecord = {
    ...fresh,
    state: "failed",
    stage: "publish",
    attempt: 7,
    run: 2,
    product: 5,
    reason,
  };
  const reopened = (from: Stage) => {
    const next = after(record, { type: "reopened", from });
    assert.ok(typeof next !== "string");
    const { state, stage, attempt, run, oldestProduct, reason } = next;
    assert.deepEqual([stage, attempt, run, reason], [from, 8, 3, undefined]);
    return [state, oldestProduct];
  };
  assert.deepEqual(reopened("ingest"), ["received", 8]);
  assert.deepEqual(reopened("transcode"), ["accepted", 8]);
  assert.deepEqual(reopened("publish"), ["cleared", undefined]);
});

test("an older attempt and an older run are refused, whatever they say", () => {
  const record: VideoRecord = { ...fresh, state: "publishing", attempt: 7, run: 2 };
  for (const event of events({ ...record, attempt: 6, run: 1 }))
    if ("attempt" in event || "run" in event) assert.equal(after(record, event), "STALE_ATTEMPT");
});

for (const [stage, state] of [
  ["ingest", "received"],
  ["transcode", "accepted"],
  ["publish", "cleared"],
] as const)
  test(`a video that failed in ${stage} is taken up as ${state}, in a new run and without its reason`, () => {
    const failed: VideoRecord = { ...fresh, state: "failed", stage, attempt: 4, reason };
    assert.deepEqual(after(failed, { type: "retried", source: "/elsewhere.mp4" }), {
      ...fresh,
      state,
      stage,
      source: "/elsewhere.mp4",
      attempt: 5,
      run: 2,
      revision: 2,
      updatedAt: 2_000,
    });
  });

test("a moderator's decisions are all kept; a lifted ban is taken up in a new run, without its reason", () => {
  const ban = { ...decision, verdict: "ban" } as const;
  const banned = after(
    { ...fresh, state: "published", attempt: 3 },
    { type: "banned", reason, decision: ban },
  );
  assert.ok(typeof banned !== "string");
  assert.deepEqual([banned.state, banned.reason, banned.decisions], ["banned", reason, [ban]]);
  assert.deepEqual(after(banned, { type: "lifted", decision, from: "cleared" }), {
    ...fresh,
    ...{ state: "cleared", attempt: 4, run: 2, revision: 3, updatedAt: 2_000 },
    decisions: [ban, decision],
  });
});

test("no sequence of events leaves a final state, publishes twice, or lowers a fencing number", () => {
  const steps = fc.array(
    fc.record({
      pick: fc.nat(),
      // Mostly what the state allows: pure chance would seldom get as far as publication.
      from: fc.constantFrom("allowed", "allowed", "allowed", "all"),
      staleAttempt: fc.constantFrom(0, 0, 0, 1),
      staleRun: fc.constantFrom(0, 0, 0, 1),
    }),
    { minLength: 20, maxLength: 60 },
  );
  fc.assert(
    fc.property(steps, (sequence) => {
      let record = fresh;
      let published = 0;
      for (const { pick, from, staleAttempt, staleRun } of sequence) {
        const sender = { ...record, attempt: record.attempt - staleAttempt, run: record.run - staleRun };
        const choice = events(sender).filter(({ type }) => from === "all" || type in moves[record.state]);
        const event = choice[pick % choice.length];
        if (event === undefined) continue;
        const next = after(record, event);
        if (typeof next === "string") continue;
        assert.ok(record.state !== "deleted", "left deleted");
        // Only an operator can have a rejected video judged again.
        if (record.state === "rejected") assert.equal(event.type, "reopened");
        assert.ok(next.attempt >= record.attempt && next.run >= record.run);
        assert.equal(next.revision, record.revision + 1);
        if (event.type === "published") published++;
        // What was taken back may be published again when a moderator says so.
        if (event.type === "lifted") published = 0;
        record = next;
      }
      assert.ok(published <= 1);
    }),
    { numRuns: 2_000 },
  );
});

test("every state that work goes on in can fail, and none that is settled can be worked on", () => {
  for (const state of VideoState.options) {
    assert.equal("failed" in moves[state], !isSettled(state), state);
    for (const stage of Stage.options)
      if (isSettled(state)) assert.equal(`${stage}-begun` in moves[state], false, state);
  }
});
