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

const pageOf = async (question: Partial<Question>, by: _SERVICE = index): Promise<Page> =>
  ok(await by.feed({ feed: { newest: null }, cursor: [], limit: 100, filter: [], ...question }));
const idsOf = ({ videos }: Page) => videos.map(({ video: { id } }) => id);

/** All pages, from the newest. */
async function ids(limit: number): Promise<string[][]> {
  const pages: string[][] = [];
  let cursor: Question["cursor"] = [];
  do {
    const page: Page = await pageOf({ cursor, limit });
    pages.push(idsOf(page));
    cursor = page.next;
  } while (cursor.length > 0);
  return pages;
}

test("an entry is inserted once per attempt, replaced by a newer attempt, and refused from an older one", async () => {
  const first = ok(await index.upsert_video(video("a", 2)));
  assert.deepEqual(first.video, video("a", 2));
  assert.deepEqual(ok(await index.upsert_video({ ...video("a", 2), title: "again" })), first);
  const second = ok(await index.upsert_video(video("a", 3)));
  assert.deepEqual([second.video, second.created_at], [video("a", 3), first.created_at]);
  assert.deepEqual(err(await index.upsert_video(video("a", 2))), { stale_attempt: 3n });
  assert.deepEqual(await index.get("a"), [second]);
  assert.deepEqual(await index.get("unknown"), []);
});

test("feeds list ready videos, newest first, page by page; an entry keeps its place", async () => {
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

  const { next } = await pageOf({ limit: 2 });
  ok(await index.upsert_video(video("f")));
  ok(await index.set_status("b", { Deleted: null }));
  const page = await pageOf({ cursor: next, limit: 2 });
  assert.deepEqual([idsOf(page), page.next], [["a"], []]);
  assert.deepEqual(await ids(9), [["f", "d", "c", "a"]]);
  ok(await index.set_status("e", ready));
  assert.deepEqual(await ids(9), [["f", "e", "d", "c", "a"]]);
  const { videos, ready: visible } = await index.status();
  assert.deepEqual([videos, visible], [6n, 5n]);
});

test("only a moderator lifts a ban; publishing again does not", async () => {
  const moderator = await network.newCaller();
  ok(await network.admin.configuration.grant(moderator.principal, { moderator: null }));
  ok(await index.upsert_video(video("banned")));
  ok(await moderator.index.set_status("banned", { BannedForExplicitness: null }));
  const again = ok(await index.upsert_video(video("banned", 2)));
  assert.deepEqual([again.video.attempt, again.video.status], [2n, { BannedForExplicitness: null }]);
  assert.deepEqual(err(await index.set_status("banned", ready)), {
    unauthorized: "only a moderator may lift a ban or restore a deleted video",
  });
  assert.deepEqual(ok(await moderator.index.set_status("banned", ready)).video.status, ready);
});

test("a video taken down before it is entered is entered as taken down, by no older attempt; a ban outlasts a deletion", async () => {
  const moderator = await network.newCaller();
  ok(await network.admin.configuration.grant(moderator.principal, { moderator: null }));
  const banned: Status = { BannedDueToUserReporting: null };
  const deleted: Status = { Deleted: null };
  const { videos } = await index.status();
  assert.deepEqual(ok(await moderator.index.take_down({ id: "early", attempt: 3n, status: banned })), []);
  assert.deepEqual(ok(await index.take_down({ id: "early", attempt: 1n, status: deleted })), []);
  assert.deepEqual(err(await index.upsert_video(video("early", 2))), { stale_attempt: 3n });
  assert.deepEqual([await index.get("early"), (await index.status()).videos], [[], videos]);
  const entered = ok(await index.upsert_video(video("early", 3)));
  assert.deepEqual(entered.video, video("early", 3, banned));
  assert.deepEqual(ok(await index.take_down({ id: "early", attempt: 3n, status: banned })), [entered]);
  assert.ok("unauthorized" in err(await index.take_down({ id: "early", attempt: 3n, status: deleted })));

  ok(await index.upsert_video(video("late")));
  const [late] = ok(await index.take_down({ id: "late", attempt: 0n, status: deleted }));
  assert.deepEqual(late?.video, video("late", 1, deleted));
  assert.ok("unauthorized" in err(await index.set_status("late", ready)));
  assert.deepEqual(ok(await moderator.index.set_status("late", ready)).video.status, ready);
  ok(await index.take_down({ id: "late", attempt: 1n, status: deleted }));
});

test("a moderator lifts bans and deletions, also of videos that are not entered yet", async () => {
  const moderator = await network.newCaller();
  ok(await network.admin.configuration.grant(moderator.principal, { moderator: null }));
  const banned: Status = { BannedForExplicitness: null };
  ok(await index.take_down({ id: "lifted", attempt: 2n, status: banned }));
  assert.ok("unauthorized" in err(await index.lift("lifted")));
  assert.deepEqual(ok(await moderator.index.lift("lifted")), []);
  assert.deepEqual(err(await index.upsert_video(video("lifted", 1))), { stale_attempt: 2n });
  assert.deepEqual(ok(await index.upsert_video(video("lifted", 3))).video, video("lifted", 3));
  assert.deepEqual(ok(await moderator.index.lift("lifted"))[0]?.video.status, ready, "nothing to lift");
  for (const status of [banned, { Deleted: null }]) {
    ok(await index.take_down({ id: "lifted", attempt: 3n, status }));
    const [lifted] = ok(await moderator.index.lift("lifted"));
    assert.deepEqual(lifted?.video.status, { CheckingExplicitness: null });
  }
  assert.deepEqual(ok(await moderator.index.lift("never seen")), []);
  ok(await index.take_down({ id: "lifted", attempt: 3n, status: { Deleted: null } }));
});

test("invalid input and callers without a role are refused", async () => {
  assert.ok("invalid" in err(await index.upsert_video(video(""))));
  assert.ok(
    "invalid" in err(await index.upsert_video({ ...video("x"), manifest_sha256: new Uint8Array(3) })),
  );
  const stranger = await network.newCaller();
  assert.ok("unauthorized" in err(await stranger.index.upsert_video(video("x"))));
  assert.ok("unauthorized" in err(await stranger.index.set_status("a", ready)));
  const takedown = { id: "a", attempt: 9n, status: { Deleted: null } };
  for (const role of [{ recommender: null }, { canister: null }, { uploader: null }, { committer: null }]) {
    ok(await network.admin.configuration.grant(stranger.principal, role));
    assert.ok("unauthorized" in err(await stranger.index.take_down(takedown)), Object.keys(role)[0]);
    assert.ok("unauthorized" in err(await stranger.index.withdraw(takedown)), Object.keys(role)[0]);
    assert.ok("unauthorized" in err(await stranger.index.lift("a")), Object.keys(role)[0]);
  }
  assert.deepEqual((await index.get("a"))[0]?.video.status, ready);
  assert.deepEqual(err(await index.set_status("unknown", ready)), { not_found: null });
});

test("the deprecated name of take_down does the same", async () => {
  ok(await index.upsert_video(video("former-name")));
  const [entry] = ok(await index.withdraw({ id: "former-name", attempt: 1n, status: { Deleted: null } }));
  assert.deepEqual(entry?.video, video("former-name", 1, { Deleted: null }));
});

test("an upgrade keeps everything", async () => {
  ok(await index.take_down({ id: "to-come", attempt: 1n, status: { Deleted: null } }));
  const [before, pages] = [await index.status(), await ids(2)];
  await network.upgrade("content_index");
  assert.deepEqual([await index.status(), await ids(2)], [before, pages]);
  assert.deepEqual(ok(await index.upsert_video(video("to-come"))).video.status, { Deleted: null });
});
