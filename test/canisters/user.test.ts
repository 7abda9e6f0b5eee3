import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { IDL } from "@dfinity/candid";
import { Principal } from "@dfinity/principal";
import { init, type Status } from "@kiln/client/bindings/user";
import { installCanister } from "../../src/ic/deploy/install.ts";
import { type CanisterNetwork, err, ok, startCanisters } from "./network.ts";
import { backedUp, postInput, type Resident, readyPost, resident } from "./users.ts";

let network: CanisterNetwork;
let author: Resident;
let viewer: Resident;
before(async () => {
  network = await startCanisters();
  author = await resident(network);
  viewer = await resident(network);
});
after(() => network[Symbol.asyncDispose]());

test("users share a canister and keep it; every caller may read a profile", async () => {
  assert.equal(author.canister.toText(), viewer.canister.toText());
  const again = await author.users.get_requester_principals_canister_id_create_if_not_exists();
  assert.deepEqual(again, { Ok: author.canister });
  assert.deepEqual(await viewer.users.get_user_canister_id_from_user_principal_id(author.principal), [
    author.canister,
  ]);
  const profile = { display_name: "Ada", bio: "dances", profile_picture_url: "" };
  ok(await author.own.update_profile_details(profile));
  const [details] = await viewer.own.get_profile_details(author.principal);
  assert.ok(details);
  const { created_at, updated_at, ...rest } = details;
  assert.ok(updated_at > created_at);
  assert.deepEqual(rest, { ...profile, principal_id: author.principal, post_count: 0n });
});

test("a post goes through the pipeline; only its author sees it before it is ready", async () => {
  const id = ok(await author.own.add_post(postInput("waiting")));
  assert.equal(ok(await author.own.add_post(postInput("waiting"))), id, "the same video is the same post");
  const post = { owner: author.principal, id };
  assert.deepEqual(await viewer.own.get_individual_post_details_by_id(post), []);
  assert.deepEqual(err(await viewer.own.update_post_like_status(post, true)), { not_viewable: null });
  const [own] = await author.own.get_individual_post_details_by_id(post);
  assert.deepEqual(own?.status, { Uploaded: null });
  const publisher = network.admin.at(author.canister);
  const refused = err(await publisher.update_post_status(post, { ReadyToView: null }));
  assert.deepEqual(refused, { invalid: "a post that is #Uploaded cannot become #ReadyToView" });
  const pipeline: Status[] = [{ Transcoding: null }, { CheckingExplicitness: null }, { ReadyToView: null }];
  for (const status of pipeline) ok(await publisher.update_post_status(post, status));
  ok(await publisher.update_post_status(post, { ReadyToView: null }));
  const [seen] = await viewer.own.get_individual_post_details_by_id(post);
  assert.deepEqual(seen?.status, { ReadyToView: null });
});

test("likes, shares, votes and views count each principal once, and the author not at all", async () => {
  const id = await readyPost(network.admin, author, "counted");
  const post = { owner: author.principal, id };
  assert.equal(ok(await viewer.own.update_post_toggle_like_status_by_caller(post)), true);
  assert.equal(ok(await viewer.own.update_post_like_status(post, true)), true);
  assert.equal(ok(await author.own.update_post_toggle_like_status_by_caller(post)), true);
  assert.equal((await author.own.get_individual_post_details_by_id(post))[0]?.liked_by_me, true);
  assert.equal(ok(await author.own.update_post_increment_share_count(post)), 0n);
  assert.equal(ok(await viewer.own.update_post_increment_share_count(post)), 1n);
  assert.equal(ok(await viewer.own.update_post_increment_share_count(post)), 1n);
  ok(await viewer.own.vote_on_post(post, { Hot: null }));
  ok(await viewer.own.vote_on_post(post, { Hot: null }));
  assert.deepEqual(err(await viewer.own.vote_on_post(post, { Not: null })), { already_voted: { Hot: null } });
  for (const vote of [{ Hot: null }, { Not: null }])
    assert.deepEqual(err(await author.own.vote_on_post(post, vote)), {
      unauthorized: "authors may not vote on their own posts",
    });
  const partly = (percentage_watched: number) => ({ WatchedPartially: { percentage_watched } });
  const often = { WatchedMultipleTimes: { watch_count: 3, percentage_watched: 50 } };
  const third = await network.newCaller();
  ok(await author.own.update_post_add_view_details(post, often));
  ok(await third.at(author.canister).update_post_add_view_details(post, partly(20)));
  // Of a viewer, the most that was watched at once counts, whatever is repeated and in whatever order.
  for (const details of [partly(20), often, partly(21), often])
    ok(await viewer.own.update_post_add_view_details(post, details));
  for (const percentage of [0, 101])
    assert.deepEqual(err(await viewer.own.update_post_add_view_details(post, partly(percentage))), {
      invalid: "percentage_watched must be 1 to 100",
    });
  const [seen] = await viewer.own.get_individual_post_details_by_id(post);
  assert.ok(seen);
  const { created_at: _, ...rest } = seen;
  assert.deepEqual(rest, {
    owner: author.principal,
    id,
    content: postInput("counted"),
    status: { ReadyToView: null },
    like_count: 1n,
    share_count: 1n,
    hot_count: 1n,
    not_count: 0n,
    // (20 + 100) / 2
    view_stats: { total_view_count: 2n, threshold_view_count: 1n, average_watch_percentage: 60 },
    liked_by_me: true,
    my_vote: [{ Hot: null }],
  });
});

test("pages of posts are newest first and end; strangers get the posts that are ready", async () => {
  const many = await resident(network);
  const ids = [];
  for (const uid of ["p0", "p1", "p2", "p3"]) ids.push(await readyPost(network.admin, many, uid));
  ok(await many.own.delete_post(1n));
  const page = async (reader: Resident, before: [] | [bigint]) => {
    const reply = await reader.own.get_posts_of_this_user_profile_with_pagination_cursor(many.principal, {
      before,
      limit: 2,
    });
    const { posts, next } = ok(reply);
    return { ids: posts.map((post) => post.id), next };
  };
  assert.deepEqual(await page(viewer, []), { ids: [3n, 2n], next: [2n] });
  assert.deepEqual(await page(viewer, [2n]), { ids: [0n], next: [] });
  assert.deepEqual(await page(many, [2n]), { ids: [1n, 0n], next: [] });
});

test("calls that are out of bounds or unauthorized have no effect", async () => {
  const { admin, newCaller } = network;
  const stranger = await newCaller();
  const at = stranger.at(author.canister);
  const post = { owner: author.principal, id: 0n };
  // 4,002 bytes.
  const long = "é".repeat(2_001);
  const profile = (given: object) =>
    author.own.update_profile_details({ display_name: "", bio: "", profile_picture_url: "", ...given });
  const cases: [string, Promise<{ ok: unknown } | { err: object }>, string][] = [
    ["a post by a caller without a canister", at.add_post(postInput("s")), "not_registered"],
    [
      "a profile of the same",
      at.update_profile_details({ display_name: "", bio: "", profile_picture_url: "" }),
      "not_registered",
    ],
    ["a status without the role", at.update_post_status(post, { Deleted: null }), "unauthorized"],
    [
      "a status of an attempt without the role",
      at.update_post_status_by_attempt({ post, video_uid: "p", status: { Deleted: null }, attempt: 9n }),
      "unauthorized",
    ],
    ["listing inactive users", at.list_untouched(0n), "unauthorized"],
    ["registering oneself", at.register(stranger.principal), "unauthorized"],
    ["removing a user", at.unregister(author.principal), "unauthorized"],
    ["releasing a user", at.release_if_untouched(author.principal, []), "unauthorized"],
    ["activating a user", at.activate(author.principal), "unauthorized"],
    ["relinquishing a user", at.relinquish(author.principal, 9_999n), "unauthorized"],
    ["relinquishing a user by the former name", at.let_go(author.principal, 9_999n), "unauthorized"],
    ["restoring over a user", at.restore(author.principal, 0n, []), "unauthorized"],
    ["a new history", at.rewound(), "unauthorized"],
    ["sending now", at.sync(), "unauthorized"],
    ["reading records", at.changes_since(author.principal, 0n), "unauthorized"],
    ["reading a digest", at.digest(author.principal), "unauthorized"],
    ["listing users", at.list_users({ after: [], limit: 1 }), "unauthorized"],
    ["restoring as admin", admin.at(author.canister).restore(author.principal, 0n, []), "unauthorized"],
    ["a long description", author.own.add_post(postInput("l", { description: long })), "invalid"],
    ["a long hashtag", author.own.add_post(postInput("l", { hashtags: [long] })), "invalid"],
    ["many hashtags", author.own.add_post(postInput("l", { hashtags: Array(61).fill("a") })), "invalid"],
    ["an id that the index refuses", author.own.add_post(postInput("a/b")), "invalid"],
    ["an empty id", author.own.add_post(postInput("")), "invalid"],
    ["a long bio", profile({ bio: long.slice(0, 1_001) }), "invalid"],
    ["a script as a picture", profile({ profile_picture_url: "javascript:alert(1)" }), "invalid"],
    ["data as a picture", profile({ profile_picture_url: "data:image/png,x" }), "invalid"],
    [
      "a picture's address with a line break",
      profile({ profile_picture_url: "https://a.example/\n" }),
      "invalid",
    ],
    [
      "a like of an unknown post",
      viewer.own.update_post_like_status({ ...post, id: 999n }, true),
      "not_found",
    ],
    [
      "a like of an unknown user's post",
      viewer.own.update_post_like_status({ ...post, owner: stranger.principal }, true),
      "not_found",
    ],
    [
      "a ban by a publisher",
      admin.at(author.canister).update_post_status(post, { BannedDueToUserReporting: null }),
      "invalid",
    ],
  ];
  for (const [name, reply, refusal] of cases)
    assert.deepEqual(Object.keys(err(await reply)), [refusal], name);
  ok(await profile({ bio: "é".repeat(1_000), profile_picture_url: "HTTPS://a.example/b.png?c#d" }));
});

test("an argument that is larger than the method's is rejected on arrival", async () => {
  const post = { owner: author.principal, id: 0n };
  const large = "x".repeat(20_000);
  await assert.rejects(viewer.own.add_post(postInput("large", { description: large })), /reject/i);
  await assert.rejects(
    network.admin.at(author.canister).update_post_status_by_attempt({
      post,
      video_uid: large,
      status: { Deleted: null },
      attempt: 1n,
    }),
    /reject/i,
  );
});

test("only a moderator lifts a ban, and a deleted post stays deleted", async () => {
  const { admin } = network;
  const moderator = await network.newCaller();
  ok(await admin.configuration.grant(moderator.principal, { moderator: null }));
  const id = await readyPost(admin, author, "banned");
  const post = { owner: author.principal, id };
  const [publishes, moderates] = [admin.at(author.canister), moderator.at(author.canister)];
  ok(await moderates.update_post_status(post, { BannedDueToUserReporting: null }));
  assert.ok("invalid" in err(await publishes.update_post_status(post, { ReadyToView: null })));
  assert.deepEqual(err(await viewer.own.update_post_like_status(post, true)), { not_viewable: null });
  ok(await moderates.update_post_status(post, { ReadyToView: null }));
  ok(await author.own.delete_post(id));
  assert.ok("invalid" in err(await moderates.update_post_status(post, { ReadyToView: null })));
});

test("every change reaches data_backup byte for byte and posts reach the index; a lost copy is sent again", async () => {
  const { admin } = network;
  const someone = await resident(network);
  const id = await readyPost(admin, someone, "copied");
  ok(await viewer.own.update_post_like_status({ owner: someone.principal, id }, true));
  ok(await viewer.own.update_post_like_status({ owner: someone.principal, id }, false));
  await backedUp(admin, someone.canister);
  const original = ok(await admin.at(someone.canister).changes_since(someone.principal, 0n));
  assert.deepEqual(ok(await admin.backup.changes_since(someone.principal, 0n)), original);
  assert.ok(
    original.some(({ key, value }) => key.startsWith("mark/") && value[0]?.length === 0),
    "an unlike leaves an empty record behind",
  );
  const state = ok(await admin.at(someone.canister).sync());
  assert.deepEqual(state, { index_waiting: 0n, backup_waiting: 0n, failure: "" });
  // The next change reveals that the copy was lost, and it is made again.
  ok(await admin.backup.forget_user(someone.principal));
  ok(await someone.own.update_profile_details({ display_name: "B", bio: "", profile_picture_url: "" }));
  await backedUp(admin, someone.canister);
  const now = ok(await admin.at(someone.canister).changes_since(someone.principal, 0n));
  assert.deepEqual(ok(await admin.backup.changes_since(someone.principal, 0n)), now);
  const copy = ok(await admin.backup.copy_of(someone.principal));
  assert.deepEqual(copy.sha256, ok(await admin.at(someone.canister).digest(someone.principal)).sha256);
});

test("an attempt of the pipeline may skip steps; late and older reports change nothing", async () => {
  const { admin } = network;
  const id = ok(await author.own.add_post(postInput("fenced")));
  const post = { owner: author.principal, id };
  const moderator = await network.newCaller();
  ok(await admin.configuration.grant(moderator.principal, { moderator: null }));
  const report = (status: Status, attempt: bigint, { by = admin, video_uid = "fenced" } = {}) =>
    by.at(author.canister).update_post_status_by_attempt({ post, video_uid, status, attempt });
  const current = async () =>
    Object.keys((await author.own.get_individual_post_details_by_id(post))[0]?.status ?? {})[0];
  ok(await report({ CheckingExplicitness: null }, 2n));
  assert.deepEqual(err(await report({ Transcoding: null }, 2n)), { stale_attempt: 2n });
  assert.deepEqual(err(await report({ ReadyToView: null }, 1n)), { stale_attempt: 2n });
  ok(await report({ ReadyToView: null }, 3n));
  ok(await report({ ReadyToView: null }, 3n));
  assert.deepEqual(err(await report({ Transcoding: null }, 2n)), { stale_attempt: 3n });
  assert.equal(await current(), "ReadyToView");
  ok(await report({ Transcoding: null }, 4n));
  assert.ok("invalid" in err(await report({ ReadyToView: null }, 4n, { video_uid: "another" })));
  assert.ok("invalid" in err(await report({ Uploaded: null }, 5n)));
  assert.ok("invalid" in err(await report({ BannedDueToUserReporting: null }, 5n)));
  assert.ok("unauthorized" in err(await report({ ReadyToView: null }, 5n, { by: viewer })));
  ok(await report({ BannedForExplicitness: null }, 4n));
  assert.ok("invalid" in err(await report({ ReadyToView: null }, 5n)));
  ok(await report({ ReadyToView: null }, 5n, { by: moderator }));
  ok(await report({ Deleted: null }, 5n));
  assert.ok("invalid" in err(await report({ ReadyToView: null }, 6n, { by: moderator })));
  assert.equal(await current(), "Deleted");
});

test("a canister relinquishes a user, under both names, unless it has newer records than the other canister", async () => {
  const { agent, admin, canisters, modules } = network;
  const { principal } = admin;
  const canisterId = await installCanister({
    agent,
    wasm: modules.user,
    arg: argumentsOfUser(canisters.global_configuration, principal),
    mode: "install",
  });
  const own = admin.at(Principal.fromText(canisterId));
  for (const name of ["relinquish", "let_go"] as const) {
    ok(await own.register(principal));
    ok(await own.add_post(postInput(`moving-${name}`)));
    const { sequence } = ok(await own.digest(principal));
    assert.ok("invalid" in err(await own[name](principal, sequence - 1n)));
    ok(await own.update_profile_details({ display_name: "still here", bio: "", profile_picture_url: "" }));
    ok(await own[name](principal, sequence + 1n));
    assert.deepEqual(err(await own.add_post(postInput("too-late"))), { not_registered: null });
    ok(await own[name](principal, sequence + 1n));
    for (;;) if (ok(await own.unregister(principal)).done) break;
  }
});

/** Of a user canister that takes the principal for its user_index. */
function argumentsOfUser(globalConfiguration: string, userIndex: Principal): Uint8Array {
  const wiring = {
    global_configuration: Principal.fromText(globalConfiguration),
    user_index: userIndex,
    content_index: [],
    data_backup: [],
  };
  return IDL.encode(init({ IDL }), [wiring]);
}
