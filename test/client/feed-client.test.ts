import assert from "node:assert/strict";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { Actor } from "@dfinity/agent";
import { type Client, connectClient } from "@kiln/client";
import { type _SERVICE, idlFactory } from "@kiln/client/bindings/content_index";
import { checkCertified, type Proof } from "@kiln/client/certified-videos";
import { userIndexClient } from "../../src/ic/canisters/user-index-client.ts";
import { madeUpIdentity } from "../../src/ic/network/identity.ts";
import { publishVideo, videoUploadId } from "../../src/ic/publish/publish.ts";
import { video } from "../canisters/videos.ts";
import { startTestNetwork, type TestNetwork } from "../ic/local-network.ts";
import { writeSample } from "../ic/publish/sample-publication.ts";
import { withManifest } from "./with-manifest.ts";

let folder: string;
let network: TestNetwork;
let client: Client;
let index: _SERVICE;
before(async () => {
  folder = await mkdtemp(join(tmpdir(), "kiln-client-"));
  network = await startTestNetwork();
  const { url: host, canisters, agent } = network;
  client = await connectClient({ host, canisters });
  index = Actor.createActor(idlFactory, { agent, canisterId: canisters.content_index });
  for (const id of ["a", "b", "c"]) await index.upsert_video(video(id));
});
after(async () => {
  await network[Symbol.asyncDispose]();
  await rm(folder, { recursive: true });
});

async function idsOf(videos: AsyncIterable<{ id: string }>): Promise<string[]> {
  const ids = [];
  for await (const { id } of videos) ids.push(id);
  return ids;
}

test("nobody in particular reads feeds, a page at a time, every entry certified", async () => {
  assert.equal(client.principal, "2vxsx-fae");
  assert.deepEqual(await idsOf(client.feeds.videos("newest", { pageSize: 2 })), ["c", "b", "a"]);
  assert.deepEqual(await idsOf(client.feeds.videos({ author: "2vxsx-fae" })), ["c", "b", "a"]);
  assert.deepEqual(await idsOf(client.feeds.videos("newest", { filter: { unsafe: "only" } })), []);
  const joined: [string, unknown][] = [];
  for await (const { id, profile } of client.feeds.withAuthors("newest")) joined.push([id, profile]);
  assert.deepEqual(
    joined,
    ["c", "b", "a"].map((id) => [id, undefined]),
  );
  await assert.rejects(idsOf(client.feeds.videos({ personal: "aaaaa-aa" })), { code: "FEED_REFUSED" });
});

for (const minutes of [-60, -10, 10, 60])
  test(`a device whose clock is ${minutes} minutes off reads all the same`, async (context) => {
    context.mock.timers.enable({ apis: ["Date"], now: Date.now() + minutes * 60_000 });
    const { url: host, canisters } = network;
    const skewed = await connectClient({ host, canisters }, madeUpIdentity());
    assert.deepEqual(await idsOf(skewed.feeds.videos("newest")), ["c", "b", "a"]);
    assert.equal(await skewed.feeds.video("never"), undefined);
    const users = userIndexClient({ agent: skewed.agent, canisterId: canisters.user_index });
    assert.match(await users.ownCanister(), /^[a-z0-9-]+$/);
  });

test("a video, and that there is none", async () => {
  assert.equal((await client.feeds.video("a"))?.title, "a, attempt 1");
  assert.equal(await client.feeds.video("never"), undefined);
});

test("an answer that the subnet has not certified is refused, whatever was changed", async () => {
  const { canisters, agent } = network;
  const entry = (await client.feeds.video("a"))!;
  const answered = await index.get_certified("a");
  const proof: Proof = {
    certificate: answered.proof.certificate[0] as Uint8Array,
    witness: answered.proof.witness as Uint8Array,
  };
  const check = (changed: Partial<Parameters<typeof checkCertified>[0]>) =>
    checkCertified({
      canisterId: canisters.content_index,
      rootKey: agent.rootKey!,
      proof,
      videos: [entry],
      ...changed,
    });
  await check({});
  const flipped = proof.witness.map((byte, place) => (place === proof.witness.length - 1 ? byte ^ 1 : byte));
  const faults: [string, Parameters<typeof check>[0]][] = [
    ["another title", { videos: [{ ...entry, title: "other" }] }],
    ["another manifest", { videos: [{ ...entry, manifestSha256: new Uint8Array(32).fill(1) }] }],
    ["another status", { videos: [{ ...entry, status: "Deleted" }] }],
    ["an id that the witness does not show", { videos: [{ ...entry, id: "b" }] }],
    ["its absence", { videos: ["a"] }],
    ["another witness", { proof: { ...proof, witness: flipped } }],
    ["no certificate", { proof: { ...proof, certificate: undefined } }],
    ["another canister", { canisterId: canisters.storage }],
    [
      "another root key",
      { rootKey: new Uint8Array(agent.rootKey!).map((byte, place) => byte ^ (place > 100 ? 1 : 0)) },
    ],
  ];
  for (const [what, changed] of faults)
    await assert.rejects(check(changed), { code: "CERTIFICATE_INVALID" }, what);
});

test("media: every file is checked against the certified manifest; what is withdrawn is gone", async () => {
  const publication = await withManifest(folder, { ...(await writeSample(folder)), id: "with-files" });
  const { storage } = network;
  await publishVideo({ ...network, publication, folder });
  const entry = (await client.feeds.video("with-files"))!;
  const media = await client.media(entry);
  assert.ok(media.playlist.endsWith(`/-/${storage.canisterId}/v/with-files/master.m3u8`), media.playlist);
  assert.deepEqual(Buffer.from(await media.read("360p/0.m4s")), await readFile(join(folder, "360p/0.m4s")));
  await assert.rejects(media.read("never.m4s"), { code: "MEDIA_MISMATCH", message: /lists no/ });
  await assert.rejects(media.read("posters/360.jpg"), { code: "MEDIA_MISMATCH", message: /instead of/ });
  const other = { ...entry, manifestSha256: new Uint8Array(32) };
  await assert.rejects(client.media(other), { code: "MEDIA_MISMATCH" });
  await storage.deleteUpload({ uploadId: videoUploadId("with-files"), attempt: entry.attempt });
  await assert.rejects(client.media(entry), { code: "MEDIA_GONE" });
});

test("what is no network is refused before anything is asked", async () => {
  await assert.rejects(connectClient({ host: "nowhere", canisters: { content_index: "x" } }), {
    code: "NETWORK_INVALID",
    message: /content_index/,
  });
});
