import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import type { _SERVICE, Page, Question, Status } from "@kiln/client/bindings/content_index";
import { type CanisterNetwork, err, ok, startCanisters } from "./network.ts";
import { ready, video } from "./videos.ts";

let network: CanisterNetwork;
let index: _SERVICE;
before(async () => {
  network = await startCanisters();
  index = network.admin.index;
});
after(() => network[Symbol.asyncDispose]());

const ask = async (question: Partial<Question>, by: _SERVICE = index): Promise<Page> =>
  ok(await by.feed({ feed: { newest: null }, cursor: [], limit: 100, filter: [], ...question }));
const idsOf = ({ videos }: Page) => videos.map(({ video: { id } }) => id);

/** All pages, from the newest. */
async function ids(limit: number): Promise<string[][]> {
  const pages: string[][] = [];
  let cursor: Question["cursor"] = [];
  do {
    const page: Page = await ask({ cursor, limit });
    pages.push(idsOf(page));
    cursor = page.next;
  } while (cursor.length > 0);
  return pages;
}

test("an entry is inserted once an attempt, replaced by a newer one, refused from an older one", async () => {
  const first = ok(await index.upsert_video(video("a", 2)));
  assert.deepEqual(first.video, video("a", 2));
  assert.deepEqual(ok(await index.upsert_video({ ...video("a", 2), title: "again" })), first);
  const second = ok(await index.upsert_video(video("a", 3)));
  assert.deepEqual([second.video, second.created_at], [video("a", 3), first.created_at]);
  assert.deepEqual(err(await index.upsert_video(video("a", 2))), { stale_attempt: 3n });
  assert.deepEqual(await index.get("a"), [second]);
  assert.deepEqual(await index.get("unknown"), []);
});

test("newest first, only what is ready, a page at a time; an entry keeps its place", async () => {
  for (const id of ["b", "c", "d"]) ok(await index.upsert_video(video(id)));
  ok(await index.upsert_video(video("e", 1, { CheckingExplicitness: null })));
  ok(await index.upsert_video(video("b", 2)));
  assert.deepEqual(await ids(100), [["d", "c", "b", "a"]]);
  assert.deepEqual(await ids(3), [["d", "c", "b"], ["a"]]);
  assert.deepEqual(await ids(2), [
    ["d", "c"],
    ["b", "a"],
  ]);
  assert.deepEqual(await ids(0), [["d"], ["c"], ["b"], ["a"]]);

  const { next } = await ask({ limit: 2 });
  ok(await index.upsert_video(video("f")));
  ok(await index.set_status("b", { Deleted: null }));
  const page = await ask({ cursor: next, limit: 2 });
  assert.deepEqual([idsOf(page), page.next], [["a"], []]);
  assert.deepEqual(await ids(9), [["f", "d", "c", "a"]]);
  ok(await index.set_status("e", ready));
  assert.deepEqual(await ids(9), [["f", "e", "d", "c", "a"]]);
  const { videos, ready: visible } = await index.status();
  assert.deepEqual([videos, visible], [6n, 5n]);
});

test("a ban is lifted by a moderator only, not by publishing again", async () => {
  const moderator = await network.somebody();
  ok(await network.admin.configuration.grant(moderator.principal, { moderator: null }));
  ok(await index.upsert_video(video("banned")));
  ok(await moderator.index.set_status("banned", { BannedForExplicitness: null }));
  const again = ok(await index.upsert_video(video("banned", 2)));
  assert.deepEqual([again.video.attempt, again.video.status], [2n, { BannedForExplicitness: null }]);
  assert.deepEqual(err(await index.set_status("banned", ready)), {
    unauthorized: "only a moderator lifts a ban or brings back what was deleted",
  });
  assert.deepEqual(ok(await moderator.index.set_status("banned", ready)).video.status, ready);
});

test("what was withdrawn before it came is entered as withdrawn, by no older attempt; a ban outlasts a deletion", async () => {
  const moderator = await network.somebody();
  ok(await network.admin.configuration.grant(moderator.principal, { moderator: null }));
  const banned: Status = { BannedDueToUserReporting: null };
  const deleted: Status = { Deleted: null };
  const { videos } = await index.status();
  assert.deepEqual(ok(await moderator.index.withdraw({ id: "early", attempt: 3n, status: banned })), []);
  assert.deepEqual(ok(await index.withdraw({ id: "early", attempt: 1n, status: deleted })), []);
  assert.deepEqual(err(await index.upsert_video(video("early", 2))), { stale_attempt: 3n });
  assert.deepEqual([await index.get("early"), (await index.status()).videos], [[], videos]);
  const entered = ok(await index.upsert_video(video("early", 3)));
  assert.deepEqual(entered.video, video("early", 3, banned));
  assert.deepEqual(ok(await index.withdraw({ id: "early", attempt: 3n, status: banned })), [entered]);
  assert.ok("unauthorized" in err(await index.withdraw({ id: "early", attempt: 3n, status: deleted })));

  ok(await index.upsert_video(video("late")));
  const [late] = ok(await index.withdraw({ id: "late", attempt: 0n, status: deleted }));
  assert.deepEqual(late?.video, video("late", 1, deleted));
  assert.ok("unauthorized" in err(await index.set_status("late", ready)));
  assert.deepEqual(ok(await moderator.index.set_status("late", ready)).video.status, ready);
  ok(await index.withdraw({ id: "late", attempt: 1n, status: deleted }));
});

test("a moderator lifts bans and deletions, also of what is yet to come", async () => {
  const moderator = await network.somebody();
  ok(await network.admin.configuration.grant(moderator.principal, { moderator: null }));
  const banned: Status = { BannedForExplicitness: null };
  ok(await index.withdraw({ id: "lifted", attempt: 2n, status: banned }));
  assert.ok("unauthorized" in err(await index.lift("lifted")));
  assert.deepEqual(ok(await moderator.index.lift("lifted")), []);
  assert.deepEqual(ok(await index.upsert_video(video("lifted", 3))).video, video("lifted", 3));
  assert.deepEqual(ok(await moderator.index.lift("lifted"))[0]?.video.status, ready, "nothing to lift");
  for (const status of [banned, { Deleted: null }]) {
    ok(await index.withdraw({ id: "lifted", attempt: 3n, status }));
    const [lifted] = ok(await moderator.index.lift("lifted"));
    assert.deepEqual(lifted?.video.status, { CheckingExplicitness: null });
  }
  assert.deepEqual(ok(await moderator.index.lift("never seen")), []);
  ok(await index.withdraw({ id: "lifted", attempt: 3n, status: { Deleted: null } }));
});

test("wrong input and callers without a role are refused", async () => {
  assert.ok("invalid" in err(await index.upsert_video(video(""))));
  assert.ok(
    "invalid" in err(await index.upsert_video({ ...video("x"), manifest_sha256: new Uint8Array(3) })),
  );
  const stranger = await network.somebody();
  assert.ok("unauthorized" in err(await stranger.index.upsert_video(video("x"))));
  assert.ok("unauthorized" in err(await stranger.index.set_status("a", ready)));
  assert.deepEqual(err(await index.set_status("unknown", ready)), { not_found: null });
});

test("an upgrade keeps everything", async () => {
  ok(await index.withdraw({ id: "to-come", attempt: 1n, status: { Deleted: null } }));
  const [before, pages] = [await index.status(), await ids(2)];
  await network.upgrade("content_index");
  assert.deepEqual([await index.status(), await ids(2)], [before, pages]);
  assert.deepEqual(ok(await index.upsert_video(video("to-come"))).video.status, { Deleted: null });
});
