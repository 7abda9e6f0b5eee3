import assert from "node:assert/strict";
import type { Principal } from "@dfinity/principal";
import type { Question } from "@kiln/client/bindings/content_index";
import { gatewayUrl } from "@kiln/client/network/gateway-url";
import { allChunks, kept, noise, type Sample, upload } from "./files.ts";
import { type Caller, type CanisterNetwork, err, ok } from "./network.ts";
import { backedUp, type Resident, readyPost, resident } from "./users.ts";
import { video } from "./videos.ts";

/** The callers who have data in the canisters and can read all of it. */
export type Filled = { author: Resident; viewer: Resident; recommender: Caller };

const clip = (id: string): Sample[] => [
  { path: `/${id}/clip.mp4`, bytes: noise(`${id} clip`, 3_500) },
  { path: `/${id}/0.m4s`, bytes: noise(`${id} segment`, 700) },
];
const uploads = ["first", "second", "deleted", "taken", "unfinished"];
const paths = uploads.flatMap((id) => clip(id).map(({ path }) => path));

/** Fills the canisters through their public methods with data of every kind, like those of a project in use. */
export async function fill(network: CanisterNetwork): Promise<Filled> {
  const { admin } = network;
  const recommender = await configure(network);
  const [author, viewer] = [await resident(network), await resident(network)];
  await store(admin);
  const id = await readyPost(admin, author, "first");
  await readyPost(admin, author, "second");
  await readyPost(admin, viewer, "deleted");
  ok(await viewer.own.delete_post(0n));
  const post = { owner: author.principal, id };
  const there = viewer.at(author.canister);
  ok(await author.own.update_profile_details({ display_name: "A", bio: "b", profile_picture_url: "" }));
  ok(await there.update_post_like_status(post, true));
  ok(await there.vote_on_post(post, { Hot: null }));
  ok(await there.update_post_increment_share_count(post));
  ok(await there.update_post_add_view_details(post, { WatchedPartially: { percentage_watched: 60 } }));
  await enter(admin, recommender, author.principal);
  for (const canister of [author.canister, viewer.canister]) await backedUp(admin, canister);
  return { author, viewer, recommender };
}

async function configure({ admin, newCaller }: CanisterNetwork): Promise<Caller> {
  const recommender = await newCaller();
  ok(await admin.configuration.grant(recommender.principal, { recommender: null }));
  ok(await admin.configuration.grant(admin.principal, { moderator: null }));
  ok(await admin.configuration.set_flag("signups", true));
  ok(await admin.configuration.set_well_known_principal("support", [recommender.principal]));
  const settings = await admin.users.get_settings();
  ok(await admin.users.configure({ ...settings, users_per_canister: 1, pool: 2 }));
  return recommender;
}

async function store({ storage }: Caller): Promise<void> {
  ok(await storage.set_limits({ ...(await storage.status()).limits, pending_uploads: 7n }));
  for (const id of uploads) {
    ok(await storage.begin_upload(upload(id, 1, clip(id))));
    if (id === "unfinished") {
      ok(await storage.put_chunks(id, 1n, allChunks(clip(id)).slice(2)));
      continue;
    }
    ok(await storage.put_chunks(id, 1n, allChunks(clip(id))));
    ok(await storage.hash_files(id, 1n));
    ok(await storage.commit(id, 1n));
  }
  ok(await storage.delete_upload("deleted", 1n));
  ok(await storage.take_down("taken"));
}

async function enter({ index }: Caller, recommender: Caller, owner: Principal): Promise<void> {
  for (const id of ["first", "second", "third"]) ok(await index.upsert_video({ ...video(id), owner }));
  ok(await index.set_moderation("second", { unsafe: null }));
  ok(await index.set_status("third", { BannedForExplicitness: null }));
  const run = { model_version: "m1", sequence: 1n };
  const { index: pushed } = recommender;
  ok(await pushed.update_scores({ ...run, scores: [{ id: "first", top: 7n }] }));
  const targets = [{ segment: "dance" }, { user: owner }];
  const feeds = targets.map((target) => ({ target, videos: ["first", "second"] }));
  ok(await pushed.push_feeds({ ...run, feeds }));
  const vector = Uint8Array.of(1, 2, 3, 255);
  ok(await pushed.put_vectors({ model_version: "m1", dimensions: 4, vectors: [{ id: "first", vector }] }));
}

/** Everything that can be read, without the parts that change by themselves: cycles, instructions, certificates. */
export async function readAll(network: CanisterNetwork, filled: Filled) {
  return {
    configuration: await configuration(network.admin, filled),
    storage: await storage(network),
    index: await index(network.admin, filled),
    users: await users(network.admin, filled),
    backup: await backup(network.admin, filled),
  };
}

async function configuration({ configuration: methods, principal }: Caller, { recommender }: Filled) {
  return {
    members: await methods.members({ after: [], limit: 100 }),
    canisters: await methods.canisters({ kind: [], subnet: [], after: [], limit: 100 }),
    flags: await methods.list_flags(),
    wellKnown: await methods.list_well_known_principals(),
    roles: [await methods.roles_of(principal), await methods.roles_of(recommender.principal)],
    audit: await methods.audit_log({ from: 0n, limit: 1_000 }),
  };
}

async function storage({ admin, url, canisters }: CanisterNetwork) {
  const served = async (path: string) => {
    const response = await fetch(gatewayUrl(url, canisters.storage, path));
    return { status: response.status, bytes: Buffer.from(await response.arrayBuffer()).toString("hex") };
  };
  return {
    status: await kept(admin.storage),
    files: await Promise.all(paths.map((path) => admin.storage.get(path))),
    chunks: await Promise.all(paths.map((path) => admin.storage.get_chunk(path, 0))),
    // The gateway refuses uncertified responses.
    served: await Promise.all(paths.map(served)),
    uploads: await Promise.all(uploads.map((id) => admin.storage.upload_status(id))),
    missing: await admin.storage.missing_chunks("unfinished", { limit: 100 }),
  };
}

async function index({ index: methods }: Caller, { author, recommender }: Filled) {
  ok(await methods.refresh_membership());
  ok(await recommender.index.refresh_membership());
  const feeds: Question["feed"][] = [
    { newest: null },
    { top: null },
    { hot_or_not: null },
    { author: author.principal },
    { segment: "dance" },
    { personal: author.principal },
  ];
  const shown = async (feed: Question["feed"]) => {
    const filter: Question["filter"] = [{ unsafe: { show: null }, without_authors: [] }];
    const by = "personal" in feed ? recommender.index : methods;
    const page = ok(await by.feed({ feed, cursor: [], limit: 100, filter }));
    return { videos: page.videos, next: page.next };
  };
  const vector = Uint8Array.of(1, 1, 1, 1);
  const candidates = { videos: ["first", "second"] };
  const ranked = await methods.rank({ model_version: "m1", vector, candidates, limit: 10, filter: [] });
  return {
    status: await methods.status(),
    videos: await Promise.all(["first", "second", "third"].map((id) => methods.get(id))),
    feeds: await Promise.all(feeds.map(shown)),
    ranked: ok(ranked).videos,
    banned: ok(await methods.with_status({ status: { BannedForExplicitness: null }, before: [], limit: 10 })),
  };
}

async function users(admin: Caller, { author, viewer }: Filled) {
  const list = await admin.users.get_user_canister_list({ after: [], limit: 100 });
  return {
    status: await admin.users.status(),
    settings: await admin.users.get_settings(),
    canisters: list.map(({ module_sha256: _, ...canister }) => canister),
    residents: await Promise.all([author, viewer].map((resident) => userCanister(admin, resident, viewer))),
  };
}

async function userCanister(admin: Caller, { principal: owner, canister, own }: Resident, viewer: Resident) {
  const as = (caller: Caller) => caller.at(canister);
  const pages = (caller: Caller) =>
    as(caller).get_posts_of_this_user_profile_with_pagination_cursor(owner, { before: [], limit: 100 });
  return {
    home: await admin.users.get_user_canister_id_from_user_principal_id(owner),
    profile: await own.get_profile_details(owner),
    posts: [
      ok(await pages(viewer)),
      ok(await own.get_posts_of_this_user_profile_with_pagination_cursor(owner, { before: [], limit: 100 })),
    ],
    post: await as(viewer).get_individual_post_details_by_id({ owner, id: 0n }),
    changes: ok(await as(admin).changes_since(owner, 0n)),
    digest: ok(await as(admin).digest(owner)),
    residents: ok(await as(admin).list_users({ after: [], limit: 100 })),
    health: await own.health(),
    waiting: ok(await as(admin).sync()),
  };
}

async function backup({ backup: methods }: Caller, { author, viewer }: Filled) {
  const copy = async ({ principal }: Resident) => ({
    info: ok(await methods.copy_of(principal)),
    changes: ok(await methods.changes_since(principal, 0n)),
  });
  return {
    status: await methods.status(),
    users: ok(await methods.list_users({ source: [], after: [], limit: 100 })),
    copies: [await copy(author), await copy(viewer)],
  };
}

/** Continues what was begun before: finishes an upload, adds a post with the next number, repeats a like. */
export async function goOn(network: CanisterNetwork, { author, viewer }: Filled): Promise<void> {
  const { admin } = network;
  ok(await admin.storage.put_chunks("unfinished", 1n, allChunks(clip("unfinished")).slice(0, 2)));
  ok(await admin.storage.hash_files("unfinished", 1n));
  ok(await admin.storage.commit("unfinished", 1n));
  assert.equal(await readyPost(admin, author, "third"), 2n);
  const post = { owner: author.principal, id: 0n };
  const there = viewer.at(author.canister);
  const counted = async () => {
    const [details] = await there.get_individual_post_details_by_id(post);
    return [details?.like_count, details?.liked_by_me, details?.share_count, details?.my_vote[0]];
  };
  ok(await there.update_post_like_status(post, true));
  assert.deepEqual(await counted(), [1n, true, 1n, { Hot: null }]);
  ok(await there.update_post_like_status(post, false));
  assert.deepEqual(await counted(), [0n, false, 1n, { Hot: null }]);
  assert.equal(ok(await there.update_post_increment_share_count(post)), 1n);
  assert.deepEqual(err(await there.vote_on_post(post, { Not: null })), { already_voted: { Hot: null } });
  ok(await there.update_post_toggle_like_status_by_caller(post));
  assert.deepEqual(await counted(), [1n, true, 1n, { Hot: null }]);
  await backedUp(admin, author.canister);
}
