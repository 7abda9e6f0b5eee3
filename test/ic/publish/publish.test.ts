import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { IDL } from "@dfinity/candid";
import { Principal } from "@dfinity/principal";
import { gatewayUrl } from "@kiln/client/network/gateway-url";
import { indexClient } from "../../../src/ic/canisters/index-client.ts";
import { grantRole } from "../../../src/ic/canisters/roles.ts";
import { storageClient } from "../../../src/ic/canisters/storage-client.ts";
import { installCanister, moduleHash } from "../../../src/ic/deploy/install.ts";
import { installKiln } from "../../../src/ic/deploy/install-kiln.ts";
import type { Publication } from "../../../src/ic/publish/publication.ts";
import { publishVideo } from "../../../src/ic/publish/publish.ts";
import { takeDownVideo } from "../../../src/ic/publish/take-down-video.ts";
import { verifyPublished } from "../../../src/ic/publish/verify-published.ts";
import { quick, startTestNetwork } from "../local-network.ts";
import { writeSample } from "./sample-publication.ts";

const network = await startTestNetwork();
const folder = await mkdtemp(join(tmpdir(), "kiln-publish-"));
after(async () => {
  await network[Symbol.asyncDispose]();
  await rm(folder, { recursive: true });
});
const { storage, index } = network;

/** A video of its own bytes: chunks that the canister has from another would not be sent. */
async function newVideo(id: string): Promise<{ publication: Publication; folder: string }> {
  const its = join(folder, id);
  return { folder: its, publication: { ...(await writeSample(its)), id, title: `The ${id} video` } };
}
const verified = (files: Parameters<typeof verifyPublished>[0]["files"]) =>
  verifyPublished({ gatewayUrl: network.url, canisterId: storage.canisterId, files });

test("publish: a video's files and its page can be fetched, and its entry is in the index", async () => {
  const first = await newVideo("first");
  const { files, entry, sentChunks } = await publishVideo({ storage, index, ...first });
  assert.ok(sentChunks > 0);
  assert.deepEqual(await verified(files), []);
  const { createdAt, updatedAt, ...video } = entry;
  assert.ok(createdAt > 0 && updatedAt >= createdAt);
  assert.deepEqual(video, {
    id: "first",
    attempt: 1,
    owner: "2vxsx-fae",
    title: "The first video",
    storage: storage.canisterId,
    player: "/v/first/index.html",
    hls: "/v/first/master.m3u8",
    dash: "/v/first/manifest.mpd",
    poster: "/v/first/posters/360.jpg",
    manifestSha256: Uint8Array.from(Buffer.from(first.publication.manifestSha256, "hex")),
    durationMs: 4000,
    width: 360,
    height: 640,
    bytes: files.filter(({ path }) => path.startsWith("/v/")).reduce((sum, { bytes }) => sum + bytes, 0),
    renditions: first.publication.renditions,
    status: "ReadyToView",
    moderation: "unchecked",
    post: undefined,
    top: 0n,
    hotOrNot: 0n,
  });
  assert.deepEqual(await index.get("first"), entry);

  const served = async (path: string) => {
    const response = await fetch(gatewayUrl(network.url, storage.canisterId, path));
    await response.arrayBuffer();
    return [response.status, response.headers.get("content-type"), response.headers.get("cache-control")];
  };
  assert.deepEqual(await served(entry.player), [200, "text/html; charset=utf-8", "public, max-age=60"]);
  assert.deepEqual(await served("/v/first/360p/init.mp4"), [
    200,
    "video/mp4",
    "public, max-age=31536000, immutable",
  ]);
});

test("publish: publishing again sends and changes nothing", async () => {
  const video = await newVideo("twice");
  const first = await publishVideo({ storage, index, ...video });
  const second = await publishVideo({ storage, index, ...video });
  assert.deepEqual([second.sentChunks, second.sentBytes], [0, 0]);
  assert.deepEqual(second.entry, first.entry);
  assert.deepEqual(second.files, first.files);
});

test("publish: the shared player is sent once for all videos", async () => {
  const { sentBytes } = await publishVideo({ storage, index, ...(await newVideo("third")) });
  const ownBytes = (await storage.uploadStatus("video-third"))?.bytes;
  assert.equal(sentBytes, ownBytes);
});

test("publish: a new attempt with other files replaces the former ones", async () => {
  const { publication, folder } = await newVideo("replaced");
  await publishVideo({ storage, index, publication, folder });
  const fewer = {
    ...publication,
    attempt: 2,
    files: publication.files.filter(({ path }) => path !== "360p/1.m4s"),
  };
  const { files, entry } = await publishVideo({ storage, index, publication: fewer, folder });
  assert.equal(entry.attempt, 2);
  assert.deepEqual(await verified(files), []);
  assert.equal(await storage.get("/v/replaced/360p/1.m4s"), undefined);
  await assert.rejects(publishVideo({ storage, index, publication, folder }), { code: "STALE_ATTEMPT" });
});

test("publish: what a moderator has banned stays banned", async () => {
  const { publication, folder } = await newVideo("banned");
  await publishVideo({ storage, index, publication, folder });
  await index.setStatus("banned", "BannedForExplicitness");
  await assert.rejects(
    publishVideo({ storage, index, publication: { ...publication, attempt: 2 }, folder }),
    {
      code: "VIDEO_TAKEN_DOWN",
    },
  );
  assert.equal((await index.get("banned"))?.status, "BannedForExplicitness");
});

test("index: newest first, page by page; an unknown video has no status to set", async () => {
  const seen: string[] = [];
  for await (const { id } of index.newest({ pageSize: 2 })) seen.push(id);
  assert.deepEqual(seen, ["replaced", "third", "twice", "first"]);
  assert.deepEqual(await index.status(), { videos: 5, ready: 4 });
  await assert.rejects(index.setStatus("none", "Deleted"), { code: "VIDEO_NOT_FOUND" });
});

test("publish: a principal without the role is refused, and accepted once it has the role", async () => {
  const agent = await network.stranger();
  const theirs = {
    storage: storageClient({ agent, canisterId: storage.canisterId, retry: quick }),
    index: indexClient({ agent, canisterId: index.canisterId, retry: quick }),
  };
  const principal = (await agent.getPrincipal()).toText();
  await assert.rejects(publishVideo({ ...theirs, ...(await newVideo("theirs")) }), {
    code: "UNAUTHORIZED",
    message: new RegExp(principal),
  });
  const granting = grantRole(agent, network.canisters.global_configuration, principal, "publisher");
  await assert.rejects(granting, { code: "UNAUTHORIZED", message: /admin/ });
});

test("install: installing again upgrades the canisters and keeps their data", async () => {
  const { agent, modules, canisters } = network;
  const before = await index.get("first");
  // A custom section makes it another module that does the same.
  const changed = Object.fromEntries(
    Object.entries(modules).map(([name, wasm]) => [name, withCustomSection(wasm, 10)]),
  ) as typeof modules;
  assert.deepEqual(await installKiln({ agent, modules: changed, canisters }), canisters);
  assert.equal(await moduleHash(agent, canisters.storage), sha256(changed.storage));
  assert.deepEqual(await index.get("first"), before);
  const page = await fetch(gatewayUrl(network.url, canisters.storage, "/v/first/index.html"));
  assert.equal(page.status, 200);
});

test("install: a module that does not fit into one message is sent in chunks", async () => {
  const { agent, modules, canisters } = network;
  const wasm = withCustomSection(modules.content_index, 2_500_000);
  const configuration = { global_configuration: Principal.fromText(canisters.global_configuration) };
  const arg = IDL.encode([IDL.Record({ global_configuration: IDL.Principal })], [configuration]);
  const canisterId = await installCanister({ agent, wasm, arg, mode: "install" });
  assert.equal(await moduleHash(agent, canisterId), sha256(wasm));
  assert.deepEqual(await indexClient({ agent, canisterId }).status(), { videos: 0, ready: 0 });
});

test("install: the error for a module that traps on start says why", async () => {
  const { agent, modules } = network;
  const install = installCanister({ agent, wasm: modules.storage, arg: new Uint8Array(), mode: "install" });
  await assert.rejects(install, { code: "CANISTER_FAILED" });
});

test("publish: a missing file is named before anything is sent", async () => {
  const { publication, folder } = await newVideo("gaps");
  const gap = { path: "none.m4s", contentType: "video/mp4", immutable: true };
  const video = { publication: { ...publication, files: [...publication.files, gap] }, folder };
  await assert.rejects(publishVideo({ storage, index, ...video }), {
    code: "FILE_UNREADABLE",
    message: /none\.m4s/,
  });
  assert.equal(await storage.uploadStatus("video-gaps"), undefined);
  await writeFile(join(folder, gap.path), "now it is there");
  await publishVideo({ storage, index, ...video });
});

const sha256 = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest("hex");

/** A module with a section that means nothing. @source WebAssembly core specification, "Custom section" */
function withCustomSection(wasm: Uint8Array, bytes: number): Uint8Array {
  const content = Buffer.concat([Buffer.from([4]), Buffer.from("test"), randomBytes(bytes)]);
  const size = [];
  for (let rest = content.length; ; rest >>>= 7) {
    if (rest < 0x80) {
      size.push(rest);
      break;
    }
    size.push((rest & 0x7f) | 0x80);
  }
  return Buffer.concat([wasm, Buffer.from([0, ...size]), content]);
}

test("publish: the moderation result is entered; an unsafe video is never visible without its mark; a moderator's decision is kept", async () => {
  const { publication, folder } = await newVideo("seen");
  const safe = await publishVideo({
    storage,
    index,
    publication: { ...publication, moderation: "safe" },
    folder,
  });
  assert.deepEqual([safe.entry.moderation, safe.entry.status], ["safe", "ReadyToView"]);
  await index.setModeration("seen", "unsafe");
  const again = await publishVideo({
    storage,
    index,
    publication: { ...publication, moderation: "safe" },
    folder,
  });
  assert.equal(again.entry.moderation, "unsafe");

  const other = await newVideo("unsafe");
  const before: string[] = [];
  const watched = {
    ...index,
    setModeration: async (...args: Parameters<typeof index.setModeration>) => {
      before.push((await index.get("unsafe"))!.status);
      return await index.setModeration(...args);
    },
  };
  const unsafe = await publishVideo({
    storage,
    index: watched,
    ...other,
    publication: { ...other.publication, moderation: "unsafe" },
  });
  assert.deepEqual(before, ["CheckingExplicitness"]);
  assert.deepEqual([unsafe.entry.moderation, unsafe.entry.status], ["unsafe", "ReadyToView"]);
});

const status = async (path: string) => {
  const response = await fetch(gatewayUrl(network.url, storage.canisterId, path));
  await response.arrayBuffer();
  return response.status;
};

/** The clients of a publisher during whose work the video is taken down. */
const moments: [when: string, parts: (takeDown: () => Promise<void>) => Partial<typeof network>][] = [
  [
    "after the look at the index, before the upload",
    (takeDown) => ({
      storage: {
        ...storage,
        beginUpload: async (...call) => {
          await takeDown();
          return storage.beginUpload(...call);
        },
      },
    }),
  ],
  [
    "after the commit, before the entry",
    (takeDown) => ({
      index: {
        ...index,
        upsert: async (...call) => {
          await takeDown();
          return index.upsert(...call);
        },
      },
    }),
  ],
  [
    "after the entry, before it may be seen",
    (takeDown) => ({
      index: {
        ...index,
        setStatus: async (...call) => {
          await takeDown();
          return index.setStatus(...call);
        },
      },
    }),
  ],
];
for (const [number, [when, parts]] of moments.entries())
  test(`publish: a video that is taken down ${when} stays taken down`, async () => {
    const id = `overtaken-${number}`;
    const { publication, folder } = await newVideo(id);
    const takeDown = () => takeDownVideo({ index, buckets: [storage], id, attempt: 0, status: "Deleted" });
    const publishing = publishVideo({
      ...{ storage, index, ...parts(takeDown) },
      ...{ publication: { ...publication, moderation: "unsafe" }, folder },
    });
    await assert.rejects(publishing, { code: "VIDEO_TAKEN_DOWN" });
    assert.equal((await index.get(id))?.status, "Deleted");
    assert.equal(await status(`/v/${id}/master.m3u8`), 410);
    const seen: string[] = [];
    for await (const video of index.newest()) seen.push(video.id);
    assert.ok(!seen.includes(id), seen.join());
  });
