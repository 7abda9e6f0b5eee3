import assert from "node:assert/strict";
import { test } from "node:test";
import { ulid } from "../../src/base/ulid.ts";
import { parseEvent } from "../../src/events/parse-event.ts";
import { everyType, noon, sample } from "./sample-events.ts";

const like = { type: "like", at: noon, user: "ann", video: "v1" };
const impression = { ...like, type: "impression", source: "fresh", position: 3, propensity: 0.1 };

const refusals: [what: string, input: unknown, field: string, message: RegExp][] = [
  ["no object", 7, "", /^expected an object$/],
  [
    "a type that is none",
    { ...like, type: "love" },
    "type",
    /^expected one of impression, watch, .*; not "love"$/,
  ],
  ["no user", { ...like, user: undefined }, "user", /^expected a text; it is missing$/],
  ["a user with a line end", { ...like, user: "a\nb" }, "user", /no control characters; not "a\\nb"$/],
  [
    "a user with half of a surrogate pair",
    { ...like, user: "a\ud83d" },
    "user",
    /no control characters; not/,
  ],
  [
    "seconds for milliseconds",
    { ...like, at: 1_763_726_400 },
    "at",
    /^looks like seconds since 1970: expected milliseconds; not 1763726400$/,
  ],
  ["a time without a zone", { ...like, at: "2025-11-21T12:00:00" }, "at", /ISO 8601 time with its zone/],
  ["the future", { ...like, at: noon + 3_600_000 }, "at", /^lies in the future$/],
  [
    "a field of another type",
    { ...like, watchedMs: 5 },
    "watchedMs",
    /^is not a field of this type of event$/,
  ],
  ["an id that is no ULID", { ...like, id: "42" }, "id", /^expected a ULID.*; not "42"$/],
  ["propensity 0", { ...impression, propensity: 0 }, "propensity", /above 0; not 0$/],
  ["propensity above 1", { ...impression, propensity: 1.5 }, "propensity", /at most 1; not 1.5$/],
  ["a negative position", { ...impression, position: -1 }, "position", /not a negative one; not -1$/],
  ["a video without a length", { ...like, type: "watch", watchedMs: 5, totalMs: 0 }, "totalMs", /above 0/],
  ["half a millisecond", { ...like, type: "watch", watchedMs: 0.5, totalMs: 9 }, "watchedMs", /whole number/],
];

for (const [what, input, field, message] of refusals)
  test(`an event with ${what} is refused with its field`, () => {
    const parsed = parseEvent(input, noon);
    assert.equal(parsed.outcome, "invalid");
    assert.deepEqual(
      parsed.problems.map((problem) => problem.field),
      [field],
    );
    assert.match(parsed.problems[0]!.message, message);
  });

test("every type of event is taken as it is, and keeps its id", () => {
  for (const event of everyType) assert.deepEqual(parseEvent(event, noon), { outcome: "valid", event });
});

test("an event without an id gets the same one whenever it arrives, whatever the order of its fields", () => {
  const turned = Object.fromEntries(Object.entries(like).toReversed());
  const ids = [like, turned, { ...like, at: "2025-11-21T12:00:00Z" }, { ...like, session: null }].map(
    (input) => {
      const parsed = parseEvent(input, noon);
      assert.equal(parsed.outcome, "valid");
      return parsed.event.id;
    },
  );
  assert.equal(new Set(ids).size, 1);
  assert.notEqual(ids[0], sample({ at: noon + 1 }).id);
});

test("ULIDs: the specification's layout, in the order of time", () => {
  assert.equal(ulid(0, new Uint8Array(10)), "0".repeat(26));
  assert.equal(ulid(2 ** 48 - 1, new Uint8Array(10).fill(255)), `7${"Z".repeat(25)}`);
  assert.equal(ulid(1_469_918_176_385, new Uint8Array(10)).slice(0, 10), "01ARYZ6S41");
  assert.ok(ulid(noon, new Uint8Array(10).fill(255)) < ulid(noon + 1, new Uint8Array(10)));
});
