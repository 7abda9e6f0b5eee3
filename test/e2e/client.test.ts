import assert from "node:assert/strict";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { Principal } from "@dfinity/principal";
import type * as Kiln from "@kiln/client";
import type { Status } from "@kiln/client/bindings/user";
import { publishVideo } from "../../src/ic/publish/publish.ts";
import { takeDownVideo } from "../../src/ic/publish/take-down-video.ts";
import { type CanisterNetwork, ok, startCanisters } from "../canisters/network.ts";
import { authorsOnSubnets } from "../client/authors-on-subnets.ts";
import { withManifest } from "../client/with-manifest.ts";
import { writeSample } from "../ic/publish/sample-publication.ts";
import { type ClientPages, openClientPages, skip } from "./client-page.ts";

/** Of the page, where the functions that use it run. */
declare const kiln: typeof Kiln;

let folder: string;
let network: CanisterNetwork;
let pages: ClientPages;
before(async () => {
  if (skip) return;
  folder = await mkdtemp(join(tmpdir(), "kiln-client-page-"));
  network = await startCanisters();
  pages = await openClientPages();
});
after(async () => {
  if (skip) return;
  await pages[Symbol.asyncDispose]();
  await network[Symbol.asyncDispose]();
  await rm(folder, { recursive: true });
});

const place = () => ({ host: network.url, canisters: network.canisters });

test("a page signs in, reads the certified feed, and fetches media that it has verified", {
  skip,
}, async () => {
  const publication = await withManifest(folder, { ...(await writeSample(folder)), id: "shown" });
  await publishVideo({ ...network, publication, folder });
  const { page, troubles } = await pages.open();
  const seen = await page.evaluate(async ({ host, canisters }) => {
    const { identity } = kiln.signInLocally(host);
    const client = await kiln.connectClient({ host, canisters }, identity);
    const titles: string[] = [];
    let bytes: number[] = [];
    for await (const video of client.feeds.withAuthors("newest")) {
      titles.push(video.title);
      const media = await client.media(video);
      bytes = Array.from(await media.read("360p/1.m4s"));
    }
    return { principal: client.principal, titles, bytes };
  }, place());
  assert.deepEqual(seen.titles, ["A sample"]);
  assert.deepEqual(Uint8Array.from(seen.bytes), new Uint8Array(await readFile(join(folder, "360p/1.m4s"))));
  assert.notEqual(seen.principal, "2vxsx-fae");
  assert.deepEqual(troubles, []);

  const principal = () =>
    page.evaluate(async ({ host, canisters }) => {
      const { identity } = kiln.signInLocally(host);
      return (await kiln.connectClient({ host, canisters }, identity)).principal;
    }, place());
  await page.reload();
  await page.waitForFunction(() => "kiln" in globalThis);
  assert.equal(await principal(), seen.principal);
  await page.evaluate(({ host }) => kiln.signInLocally(host).signOut(), place());
  assert.notEqual(await principal(), seen.principal);
  await page.context().close();
});

test("the way of a post: from its author's canister to the feed, to a viewer's like, and back", {
  skip,
}, async () => {
  const author = (await pages.open()).page;
  const mine = await author.evaluate(async ({ host, canisters }) => {
    const { identity } = kiln.signInLocally(host);
    const client = await kiln.connectClient({ host, canisters }, identity);
    const canister = await client.users.mine();
    await canister.updateProfile({ displayName: "Ada", bio: "", pictureUrl: "" });
    const id = await canister.addPost({
      video: "posted",
      description: "a dance",
      hashtags: ["dance"],
      hotOrNot: true,
      nsfw: false,
    });
    const declined = await canister.addPost({
      ...{ video: "declined", description: "" },
      ...{ hotOrNot: false, nsfw: true },
    });
    const again = (await client.users.mine()).canisterId;
    return { owner: client.principal, canister: canister.canisterId, again, id, declined };
  }, place());
  assert.equal(mine.again, mine.canister);
  const post = { owner: Principal.fromText(mine.owner), id: BigInt(mine.id) };

  // The pipeline: encodes, publishes, and says so in the author's canister.
  const its = join(folder, "posted");
  const sample = { ...(await writeSample(its)), id: "posted", owner: mine.owner };
  await publishVideo({ ...network, publication: await withManifest(its, sample), folder: its });
  const atAuthors = network.admin.at(Principal.fromText(mine.canister));
  for (const status of ["Transcoding", "CheckingExplicitness", "ReadyToView"])
    ok(await atAuthors.update_post_status(post, { [status]: null } as Status));
  const [declined] = await atAuthors.get_individual_post_details_by_id({
    ...post,
    id: BigInt(mine.declined),
  });
  assert.equal(declined?.content.creator_consent_for_inclusion_in_hot_or_not, false);
  assert.equal(declined?.content.is_nsfw, true);

  const viewer = (await pages.open()).page;
  const liked = await viewer.evaluate(
    async ({ host, canisters, ref }) => {
      const { identity } = kiln.signInLocally(host);
      const client = await kiln.connectClient({ host, canisters }, identity);
      const theirs = await client.users.of(ref.owner);
      await theirs!.like(ref, "liked");
      await theirs!.vote(ref, "Hot");
      await theirs!.watched(ref, { percentage: 80 });
      const { likes, hotVotes, likedByMe, views } = (await theirs!.post(ref))!;
      return { likes, hotVotes, likedByMe, total: views.total };
    },
    { ...place(), ref: { owner: mine.owner, id: mine.id } },
  );
  assert.deepEqual(liked, { likes: 1, hotVotes: 1, likedByMe: true, total: 1 });
  while (ok(await atAuthors.sync()).index_waiting > 0n);

  const seen = await viewer.evaluate(
    async ({ host, canisters, owner }) => {
      const client = await kiln.connectClient({ host, canisters });
      for await (const { id, profile, post } of client.feeds.withAuthors({ author: owner }))
        return { id, name: profile?.displayName, likes: post?.statistics.likes, canister: post?.canister };
      return undefined;
    },
    { ...place(), owner: mine.owner },
  );
  assert.deepEqual(seen, { id: "posted", name: "Ada", likes: 1, canister: mine.canister });
  const refused = await viewer.evaluate(
    async ({ host, canisters, ref }) => {
      const { identity } = kiln.signInLocally(host);
      const client = await kiln.connectClient({ host, canisters }, identity);
      const theirs = await client.users.of(ref.owner);
      return theirs!.deletePost(ref.id).catch((error: { code: string }) => error.code);
    },
    { ...place(), ref: { owner: mine.owner, id: mine.id } },
  );
  assert.equal(refused, "USER_REFUSED");
  for (const page of [author, viewer]) await page.context().close();
});

test("a page joins authors of two subnets with their videos", { skip }, async () => {
  const authors = await authorsOnSubnets(network);
  const { page, troubles } = await pages.open();
  const seen = await page.evaluate(
    async ({ host, canisters, ids }) => {
      const client = await kiln.connectClient({ host, canisters });
      const names: Record<string, string | undefined> = {};
      for await (const { id, profile } of client.feeds.withAuthors("newest"))
        if (ids.includes(id)) names[id] = profile?.displayName;
      return names;
    },
    { ...place(), ids: authors.map(({ video }) => video) },
  );
  assert.deepEqual(seen, Object.fromEntries(authors.map(({ video, name }) => [video, name])));
  assert.deepEqual(troubles, []);
  await page.context().close();
});

test("a withdrawn video is in no feed, and its media are gone", { skip }, async () => {
  const its = join(folder, "withdrawn");
  const publication = await withManifest(its, { ...(await writeSample(its)), id: "withdrawn" });
  const { entry } = await publishVideo({ ...network, publication, folder: its });
  const buckets = [network.storage];
  await takeDownVideo({ index: network.index, buckets, id: entry.id, attempt: 1, status: "Deleted" });
  const { page } = await pages.open();
  const seen = await page.evaluate(
    async ({ host, canisters, media }) => {
      const client = await kiln.connectClient({ host, canisters });
      const ids: string[] = [];
      for await (const { id } of client.feeds.videos("newest")) ids.push(id);
      const video = { ...media, manifestSha256: new Uint8Array(32) };
      const why = await client.media(video).catch((error: { code: string }) => error.code);
      const entry = await client.feeds.video("withdrawn");
      return { ids, why, status: entry?.status };
    },
    { ...place(), media: { storage: entry.storage, hls: entry.hls, poster: entry.poster } },
  );
  assert.ok(!seen.ids.includes("withdrawn"));
  assert.deepEqual([seen.why, seen.status], ["MEDIA_GONE", "Deleted"]);
  await page.context().close();
});
