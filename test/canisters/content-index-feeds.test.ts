import assert from "node:assert/strict";
import { after, before, beforeEach, test } from "node:test";
import { Principal } from "@dfinity/principal";
import type { _SERVICE, Page, PostUpdate, Question, Target } from "@kiln/client/bindings/content_index";
import fc from "fast-check";
import { type Caller, type CanisterNetwork, err, ok, startCanisters } from "./network.ts";
import { post, video } from "./videos.ts";

let network: CanisterNetwork;
let index: _SERVICE;
let recommender: Caller;
/** Stands for a user canister; `sent` counts its updates. */
let author: Caller;
let sent = 0n;
before(async () => {
  network = await startCanisters();
  index = network.admin.index;
  recommender = await withRole("recommender");
  author = await withRole("canister");
});
after(() => network[Symbol.asyncDispose]());

let test_ = 0;
/** Ids of the current test: the tests share the feeds of one canister. */
let id: (name: string) => string;
beforeEach(() => {
  const number = ++test_;
  id = (name) => `t${number}-${name}`;
});

async function withRole(role: "recommender" | "canister" | "moderator"): Promise<Caller> {
  const caller = await network.newCaller();
  const variant = { [role]: null } as Parameters<typeof caller.configuration.grant>[1];
  ok(await network.admin.configuration.grant(caller.principal, variant));
  return caller;
}

async function publish(...names: string[]): Promise<void> {
  for (const name of names) ok(await index.upsert_video(video(id(name))));
}

async function report(...posts: PostUpdate[]): Promise<void> {
  assert.equal(
    ok(await author.index.apply_posts({ first: sent + 1n, follows: [], posts })),
    sent + BigInt(posts.length),
  );
  sent += BigInt(posts.length);
}

const feed = async (question: Partial<Question>, by = index): Promise<Page> =>
  ok(await by.feed({ feed: { newest: null }, cursor: [], limit: 100, filter: [], ...question }));
/** Names of this test's videos, in the feed's order. */
const names = (page: Page) =>
  page.videos
    .map((entry) => entry.video.id)
    .filter((each) => each.startsWith(id("")))
    .map((each) => each.slice(id("").length));

async function score(sequence: bigint, tops: Record<string, bigint>) {
  const scores = Object.entries(tops).map(([name, top]) => ({ id: id(name), top }));
  return ok(await recommender.index.update_scores({ model_version: "m1", sequence, scores }));
}

test("top: by the scores of a recommender, ignoring older runs, applying the same run once", async () => {
  await publish("a", "b", "c");
  const top = async () => names(await feed({ feed: { top: null } }));
  const all = { applied: 3, stale: 0, unknown: 0 };
  assert.deepEqual(await score(10n, { a: 30n, b: -10n, c: 20n }), all);
  assert.deepEqual(await top(), ["a", "c", "b"]);
  assert.deepEqual(await score(10n, { a: 30n, b: -10n, c: 20n }), all);
  assert.deepEqual(await score(9n, { a: 0n, b: 99n }), { applied: 0, stale: 2, unknown: 0 });
  assert.deepEqual(await top(), ["a", "c", "b"]);
  assert.deepEqual(await score(11n, { b: 25n, never: 1n }), { applied: 1, stale: 0, unknown: 1 });
  assert.deepEqual(await top(), ["a", "b", "c"]);
});

test("top without a recommender, and hot or not: by the statistics of the posts", async () => {
  await publish("quiet", "liked", "disputed", "loved");
  await report(
    post(id("liked"), { views: 10n, threshold_views: 5n, likes: 2n, average_watch_percentage: 50 }),
    post(id("disputed"), { views: 200n, hot_votes: 60n, not_votes: 40n }),
    post(id("loved"), { views: 200n, hot_votes: 199n, not_votes: 1n }),
  );
  const [liked] = await index.get(id("liked"));
  // 10000 * 2/10 + 1000 * 5/10 + 10 * 50
  assert.deepEqual([liked?.top, liked?.hot_or_not], [3000n, 0n]);
  const [disputed] = await index.get(id("disputed"));
  assert.equal(disputed?.hot_or_not, BigInt(Math.trunc(1000 * 100 ** (40 / 60))));
  assert.deepEqual(names(await feed({ feed: { hot_or_not: null } })), [
    "disputed",
    "loved",
    "liked",
    "quiet",
  ]);
  assert.equal(names(await feed({ feed: { top: null } }))[0], "liked");
});

test("updates of posts are applied once, in order; a gap is reported", async () => {
  await publish("p");
  const update = (likes: bigint) => post(id("p"), { views: 10n, likes });
  const likes = async () => (await index.get(id("p")))[0]?.post[0]?.statistics.likes;
  await report(update(1n), update(2n));
  const again = { first: sent, follows: [] as [], posts: [update(7n), update(3n)] };
  assert.equal(ok(await author.index.apply_posts(again)), sent + 1n);
  assert.equal(await likes(), 3n);
  assert.equal(ok(await author.index.apply_posts(again)), sent + 1n);
  assert.equal(
    ok(await author.index.apply_posts({ first: 1n, follows: [], posts: [update(9n)] })),
    sent + 1n,
  );
  assert.equal(await likes(), 3n);
  sent += 1n;
  const ahead = { first: sent + 2n, follows: [] as [], posts: [update(9n)] };
  assert.deepEqual(err(await author.index.apply_posts(ahead)), { gap: { expected: sent + 1n } });
  assert.equal(ok(await author.index.apply_posts({ ...ahead, follows: [sent] })), sent + 2n);
  assert.equal(await likes(), 9n);
  assert.equal(ok(await author.index.apply_posts({ ...ahead, first: sent + 1n })), sent + 2n, "late");
  sent += 2n;
  assert.ok("invalid" in err(await author.index.apply_posts({ first: 0n, follows: [], posts: [] })));
});

test("posts that wait for their videos: of each author, of the same video, at most a hundred, and gone with the post", async () => {
  const [mine, theirs] = [network.admin.principal, (await network.newCaller()).principal];
  const waiting = async () => (await index.status()).waiting_posts;
  const before = await waiting();
  await report({ ...post(id("same"), { views: 4n }), owner: mine });
  await report({ ...post(id("same"), { views: 9n }), owner: theirs, status: { Deleted: null } });
  ok(await index.upsert_video({ ...video(id("same")), owner: mine }));
  const [entry] = await index.get(id("same"));
  assert.deepEqual([entry?.post[0]?.statistics.views, entry?.video.status], [4n, { ReadyToView: null }]);
  assert.equal(await waiting(), before + 1n);

  const many = Array.from({ length: 120 }, (_, number) => ({
    ...post(id(`made-up-${number}`)),
    owner: mine,
  }));
  await report(...many);
  assert.equal(await waiting(), before + 101n);
  await report(...many.map((update) => ({ ...update, status: { Deleted: null } })));
  await network.later(2 * 3_600_000 + 60_000, 1_800_000);
  assert.equal(await waiting(), before);
});

test("a post may arrive before its video; only a post of the owner counts, and it may take the video down", async () => {
  await report(post(id("early"), { views: 4n }));
  await publish("early", "gone");
  assert.equal((await index.get(id("early")))[0]?.post[0]?.statistics.views, 4n);
  const stranger = Principal.managementCanister();
  await report({ ...post(id("early"), { views: 99n }), owner: stranger, status: { Deleted: null } });
  assert.equal((await index.get(id("early")))[0]?.post[0]?.statistics.views, 4n);
  const theirs = { ...post(id("theirs"), { views: 99n }), owner: stranger, status: { Deleted: null } };
  await report(theirs);
  await publish("theirs");
  const [entry] = await index.get(id("theirs"));
  assert.deepEqual([entry?.post, entry?.video.status], [[], { ReadyToView: null }], "it came first");
  ok(await index.set_status(id("theirs"), { Deleted: null }));
  await report({ ...post(id("gone")), status: { Deleted: null } });
  assert.deepEqual(names(await feed({})), ["early"]);
  // Publishing again does not bring it back.
  ok(await index.upsert_video(video(id("gone"), 2)));
  assert.deepEqual(names(await feed({})), ["early"]);
});

test("a page continues after the last video seen, whatever is added, removed or moved in the meantime", async () => {
  await publish("a", "b", "c", "d", "e");
  await score(20n, { a: 10_005n, b: 10_004n, c: 10_003n, d: 10_002n, e: 10_001n });
  const top = { feed: { top: null }, limit: 2 };
  const first = await feed(top);
  assert.deepEqual(names(first), ["a", "b"]);
  await publish("new");
  await score(21n, { new: 20_000n, e: 30_000n });
  ok(await index.set_status(id("b"), { Deleted: null }));
  const second = await feed({ ...top, cursor: first.next });
  assert.deepEqual(names(second), ["c", "d"]);
  assert.deepEqual(names(await feed({ ...top, limit: 9 })), ["e", "new", "a", "c", "d"]);
});

test("filters: unsafe videos, authors; banned videos are in no feed", async () => {
  await publish("plain", "unsafe", "banned", "other");
  const other = Principal.managementCanister();
  ok(await index.upsert_video({ ...video(id("other"), 2), owner: other }));
  ok(await index.set_moderation(id("unsafe"), { unsafe: null }));
  ok(await index.set_status(id("banned"), { BannedForExplicitness: null }));
  const filtered = async (unsafe: "hide" | "show" | "only", without: Principal[] = []) => {
    const filter = { unsafe: { [unsafe]: null }, without_authors: without } as Question["filter"][0] & object;
    return names(await feed({ filter: [filter] }));
  };
  assert.deepEqual(names(await feed({})), ["other", "plain"]);
  assert.deepEqual(await filtered("hide"), ["other", "plain"]);
  assert.deepEqual(await filtered("show"), ["other", "unsafe", "plain"]);
  assert.deepEqual(await filtered("only"), ["unsafe"]);
  assert.deepEqual(await filtered("hide", [other]), ["plain"]);
  assert.deepEqual(names(await feed({ feed: { author: other } })), ["other"]);
  assert.deepEqual(
    names(await feed({ feed: { author: Principal.fromText("rwlgt-iiaaa-aaaaa-aaaaa-cai") } })),
    [],
  );
});

async function push(sequence: bigint, target: Target, videos: string[]) {
  const feeds = [{ target, videos: videos.map(id) }];
  return ok(await recommender.index.push_feeds({ model_version: "m1", sequence, feeds }));
}

test("the feed of a segment is the recommender's list; a reader of the previous list reaches its end", async () => {
  await publish("a", "b", "c", "d");
  const target = { segment: id("cold") };
  const read = (question: Partial<Question> = {}) => feed({ feed: { segment: target.segment }, ...question });
  assert.deepEqual(names(await read()), []);
  assert.deepEqual(await push(5n, target, ["c", "a", "never", "b"]), { applied: 1, stale: 0, unknown: 1 });
  const first = await read({ limit: 2 });
  assert.deepEqual(names(first), ["c", "a"]);
  assert.deepEqual(await push(4n, target, ["d"]), { applied: 0, stale: 1, unknown: 0 });
  await push(6n, target, ["d", "b"]);
  assert.deepEqual(names(await read()), ["d", "b"]);
  assert.deepEqual(names(await read({ cursor: first.next })), ["b"]);
  await push(7n, target, ["a"]);
  // The version of the cursor is gone: the current list from its beginning.
  assert.deepEqual(names(await read({ cursor: first.next })), ["a"]);
  ok(await index.set_status(id("a"), { Deleted: null }));
  assert.deepEqual(names(await read()), []);
});

test("a personal feed is for its user and for recommenders", async () => {
  await publish("mine");
  const viewer = await network.newCaller();
  await push(1n, { user: viewer.principal }, ["mine"]);
  const personal = { feed: { personal: viewer.principal } };
  assert.deepEqual(names(await feed(personal, viewer.index)), ["mine"]);
  assert.deepEqual(names(await feed(personal, recommender.index)), ["mine"]);
  const stranger = await network.newCaller();
  const question = { ...personal, cursor: [], limit: 1, filter: [] } satisfies Question;
  assert.deepEqual(err(await stranger.index.feed(question)), {
    unauthorized:
      "the membership list was not read within the last minute: call refresh_membership, then try again",
  });
  err(await stranger.index.refresh_membership());
  assert.match(
    JSON.stringify(err(await stranger.index.feed(question))),
    /lacks the role recommender or admin/,
  );
});

test("a moderator lists videos by status, once the membership has been read", async () => {
  await publish("x", "y");
  for (const name of ["x", "y"]) ok(await index.set_status(id(name), { BannedDueToUserReporting: null }));
  const moderator = await withRole("moderator");
  const question = { status: { BannedDueToUserReporting: null }, before: [] as [], limit: 1 };
  assert.ok("unauthorized" in err(await moderator.index.with_status(question)));
  ok(await moderator.index.refresh_membership());
  const page = ok(await moderator.index.with_status(question));
  assert.deepEqual(
    page.videos.map((each) => each.video.id),
    [id("y")],
  );
  const next = ok(await moderator.index.with_status({ ...question, before: page.next }));
  assert.deepEqual(
    next.videos.map((each) => each.video.id),
    [id("x")],
  );
});

test("neighbours: exact dot products of int8 vectors, highest first", async () => {
  const component = fc.constantFrom(-128, -127, -1, 0, 1, 64, 127);
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 1, max: 70 }).chain((dimensions) =>
        fc.array(fc.array(component, { minLength: dimensions, maxLength: dimensions }), {
          minLength: 2,
          maxLength: 6,
        }),
      ),
      async ([user, ...items]) => {
        const model_version = `m-${test_++}`;
        const ids = items.map((_, item) => `vector-${item}`);
        for (const each of ids) ok(await index.upsert_video(video(each)));
        const vectors = items.map((item, number) => ({ id: ids[number]!, vector: bytes(item) }));
        ok(await recommender.index.put_vectors({ model_version, dimensions: user!.length, vectors }));
        const { videos, considered } = ok(
          await index.rank({
            model_version,
            vector: bytes(user!),
            candidates: { videos: ids },
            limit: 10,
            filter: [],
          }),
        );
        const expected = items.map((item) => dot(item, user!)).sort((a, b) => b - a);
        assert.deepEqual(
          videos.map((each) => Number(each.score)),
          expected,
        );
        assert.equal(considered, items.length);
        for (const each of videos)
          assert.equal(Number(each.score), dot(items[ids.indexOf(each.id)]!, user!), each.id);
      },
    ),
    { numRuns: 12 },
  );
});

const bytes = (components: readonly number[]) => Uint8Array.from(Int8Array.from(components));
const dot = (a: readonly number[], b: readonly number[]) =>
  a.reduce((sum, value, place) => sum + value * b[place]!, 0);
