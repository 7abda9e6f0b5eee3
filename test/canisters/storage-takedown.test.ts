import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import type { _SERVICE } from "@kiln/client/bindings/storage";
import { gatewayUrl } from "@kiln/client/network/gateway-url";
import { allChunks, kept, noise, type Sample, upload } from "./files.ts";
import { type Caller, type CanisterNetwork, err, ok, startCanisters } from "./network.ts";

let network: CanisterNetwork;
let storage: _SERVICE;
let moderator: Caller;
before(async () => {
  network = await startCanisters();
  storage = network.admin.storage;
  moderator = await withRole("moderator");
});
after(() => network[Symbol.asyncDispose]());

async function withRole(role: "moderator" | "uploader" | "committer"): Promise<Caller> {
  const caller = await network.newCaller();
  const variant = { [role]: null } as Parameters<typeof caller.configuration.grant>[1];
  ok(await network.admin.configuration.grant(caller.principal, variant));
  return caller;
}

/** A file of several chunks and one of a single chunk. */
const video = (id: string): Sample[] => [
  { path: `/${id}/clip.mp4`, bytes: noise(`${id} clip`, 3500) },
  { path: `/${id}/0.m4s`, bytes: noise(`${id} segment`, 700) },
];

async function publish(id: string, attempt = 1n, samples = video(id)): Promise<void> {
  ok(await storage.begin_upload(upload(id, Number(attempt), samples)));
  ok(await storage.put_chunks(id, attempt, allChunks(samples)));
  ok(await storage.hash_files(id, attempt));
  ok(await storage.commit(id, attempt));
}

/** Through the gateway, which refuses what is not certified. */
async function request(path: string, init: RequestInit = {}): Promise<[status: number, headers: Headers]> {
  const response = await fetch(gatewayUrl(network.url, network.canisters.storage, path), init);
  await response.arrayBuffer();
  return [response.status, response.headers];
}
const statuses = async (id: string) =>
  Promise.all(video(id).map(async ({ path }) => (await request(path))[0]));

test("deleted: every path returns a certified 410 that no cache stores, and the bytes are freed", async () => {
  const before = await storage.status();
  await publish("deleted");
  assert.deepEqual(await statuses("deleted"), [200, 200]);
  ok(await storage.delete_upload("deleted", 1n));
  assert.deepEqual(await statuses("deleted"), [410, 410]);
  const [status, headers] = await request("/deleted/clip.mp4", { headers: { range: "bytes=0-1" } });
  assert.deepEqual(
    [status, headers.get("cache-control"), headers.get("clear-site-data")],
    [410, "no-store", '"cache"'],
  );
  const after = await storage.status();
  assert.deepEqual([after.files, after.bytes, after.pending_bytes], [before.files, before.bytes, 0n]);
  assert.equal(after.gone_paths, before.gone_paths + 2n);
  assert.deepEqual(await storage.get("/deleted/clip.mp4"), []);
  assert.deepEqual(await storage.get_chunk("/deleted/clip.mp4", 0), []);
  ok(await storage.delete_upload("deleted", 1n));

  // The space is used again.
  await publish("next");
  assert.equal((await storage.status()).region_bytes, after.region_bytes);
});

test("only a newer attempt may publish a deleted upload again", async () => {
  await publish("again", 2n);
  assert.deepEqual(err(await storage.delete_upload("again", 1n)), { stale_attempt: 2n });
  assert.deepEqual(await statuses("again"), [200, 200]);
  ok(await storage.delete_upload("again", 2n));
  for (const attempt of [1, 2])
    assert.deepEqual(err(await storage.begin_upload(upload("again", attempt, video("again")))), {
      stale_attempt: 2n,
    });
  assert.deepEqual(err(await storage.commit("again", 2n)), { upload_not_found: null });
  await publish("again", 3n);
  assert.deepEqual(await statuses("again"), [200, 200]);
});

test("a repeated deletion with an older attempt does not let an older attempt in again", async () => {
  await publish("fenced", 5n);
  ok(await storage.delete_upload("fenced", 5n));
  ok(await storage.delete_upload("fenced", 1n));
  for (const attempt of [1, 5])
    assert.deepEqual(err(await storage.begin_upload(upload("fenced", attempt, video("fenced")))), {
      stale_attempt: 5n,
    });
  ok(await moderator.storage.take_down("fenced"));
  ok(await moderator.storage.allow("fenced"));
  assert.deepEqual(err(await storage.begin_upload(upload("fenced", 5, video("fenced")))), {
    stale_attempt: 5n,
  });
  await publish("fenced", 6n);
  assert.deepEqual(await statuses("fenced"), [200, 200]);
});

test("an abandoned upload still refuses older attempts, and goes on with the same one", async () => {
  const begin = (attempt: number) => storage.begin_upload(upload("left", attempt, video("left")));
  ok(await begin(5));
  assert.equal(ok(await storage.collect_unfinished({ idle_seconds: 0 })), 1n);
  assert.deepEqual(await storage.upload_status("left"), []);
  assert.deepEqual(err(await begin(4)), { stale_attempt: 5n });
  assert.deepEqual(err(await storage.delete_upload("left", 4n)), { stale_attempt: 5n });
  ok(await begin(5));
  assert.equal(ok(await storage.collect_unfinished({ idle_seconds: 0 })), 1n);
  ok(await storage.delete_upload("left", 5n));
  assert.deepEqual(err(await begin(5)), { stale_attempt: 5n });
  await publish("left", 6n);
});

test("an unfinished upload can be deleted and is never visible", async () => {
  const samples = video("half");
  ok(await storage.begin_upload(upload("half", 1, samples)));
  ok(await storage.put_chunk("half", 1n, allChunks(samples)[0]!));
  ok(await storage.delete_upload("half", 1n));
  assert.deepEqual(err(await storage.put_chunk("half", 1n, allChunks(samples)[1]!)), {
    upload_not_found: null,
  });
  assert.deepEqual(await statuses("half"), [404, 404]);
});

test("taken down by a moderator: 410, and no attempt publishes it again until a moderator allows it", async () => {
  await publish("taken");
  // Publisher and admin are not enough.
  assert.ok("unauthorized" in err(await storage.take_down("taken")));
  assert.deepEqual(await statuses("taken"), [200, 200]);
  ok(await moderator.storage.take_down("taken"));
  assert.deepEqual(await statuses("taken"), [410, 410]);
  assert.deepEqual(err(await storage.begin_upload(upload("taken", 9, video("taken")))), {
    withdrawn: "a moderator has taken this upload down",
  });
  assert.ok("unauthorized" in err(await storage.allow("taken")));
  ok(await moderator.storage.allow("taken"));
  await publish("taken", 9n);
  assert.deepEqual(await statuses("taken"), [200, 200]);
});

test("chunks shared with another upload are kept", async () => {
  const [clip] = video("shared");
  await publish("one", 1n, [clip!]);
  await publish("two", 1n, [{ ...clip!, path: "/two/clip.mp4" }]);
  ok(await storage.delete_upload("one", 1n));
  const [bytes] = await storage.get_chunk("/two/clip.mp4", 0);
  assert.deepEqual(bytes && new Uint8Array(bytes), clip!.bytes.subarray(0, 1000));
});

test("an upgrade keeps deletions", async () => {
  await publish("upgraded");
  ok(await storage.delete_upload("upgraded", 1n));
  const before = await kept(storage);
  await network.upgrade("storage");
  assert.deepEqual(await kept(storage), before);
  assert.deepEqual(await statuses("upgraded"), [410, 410]);
});

test("uploaders upload, committers commit and delete, neither may do the other's work", async () => {
  const [uploader, committer] = [await withRole("uploader"), await withRole("committer")];
  const samples = video("shared-work");
  const begin = upload("shared-work", 1, samples);
  assert.ok("unauthorized" in err(await committer.storage.begin_upload(begin)));
  ok(await uploader.storage.begin_upload(begin));
  assert.ok("unauthorized" in err(await committer.storage.put_chunks("shared-work", 1n, allChunks(samples))));
  ok(await uploader.storage.put_chunks("shared-work", 1n, allChunks(samples)));
  ok(await uploader.storage.hash_files("shared-work", 1n));
  assert.ok("unauthorized" in err(await uploader.storage.commit("shared-work", 1n)));
  ok(await committer.storage.commit("shared-work", 1n));
  assert.ok("unauthorized" in err(await uploader.storage.delete_upload("shared-work", 1n)));
  ok(await committer.storage.delete_upload("shared-work", 1n));
});

test("unfinished uploads can be collected; files that are visible stay", async () => {
  await publish("kept");
  ok(await storage.begin_upload(upload("kept", 2, video("kept-more"))));
  ok(await storage.begin_upload(upload("never-finished", 1, video("never-finished"))));
  assert.equal(ok(await storage.collect_unfinished({ idle_seconds: 3_600 })), 0n);
  assert.equal((await storage.status()).pending_uploads, 2n);
  assert.equal(ok(await storage.collect_unfinished({ idle_seconds: 0 })), 2n);
  const { pending_uploads, pending_bytes } = await storage.status();
  assert.deepEqual([pending_uploads, pending_bytes], [0n, 0n]);
  assert.deepEqual(await storage.upload_status("never-finished"), []);
  assert.deepEqual(await statuses("kept"), [200, 200]);
  const stranger = await network.newCaller();
  assert.ok("unauthorized" in err(await stranger.storage.collect_unfinished({ idle_seconds: 0 })));
});

test("every hour the canister drops unfinished uploads without activity for a day", async () => {
  const hour = 3_600_000;
  const begin = async (id: string) => ok(await storage.begin_upload(upload(id, 1, video(id))));
  const there = async (id: string) => (await storage.upload_status(id)).length === 1;
  await begin("idle");
  await network.later(13 * hour);
  await begin("active");
  await network.later(10.9 * hour);
  await begin("fresh");
  assert.deepEqual([await there("idle"), await there("active")], [true, true]);
  await network.later(1.2 * hour);
  // An update waits for what the timer has begun.
  await begin("fresh");
  assert.deepEqual([await there("idle"), await there("active"), await there("fresh")], [false, true, true]);
  ok(await storage.collect_unfinished({ idle_seconds: 0 }));
});

test("limits: total bytes, bytes of one caller's unfinished uploads, number of unfinished uploads", async () => {
  const uploader = await withRole("uploader");
  const { limits, bytes } = await storage.status();
  const begin = async (id: string) => uploader.storage.begin_upload(upload(id, 1, video(id)));
  const set = async (changed: Partial<typeof limits>) =>
    ok(await storage.set_limits({ ...limits, ...changed }));
  assert.ok("unauthorized" in err(await uploader.storage.set_limits(limits)));

  await set({ bytes: bytes + 4200n });
  assert.equal((await storage.status()).free_bytes, 4200n);
  ok(await begin("limit-1"));
  assert.match(JSON.stringify(err(await begin("limit-2"))), /quota_exceeded.*stores at most/);
  ok(await begin("limit-1"));
  await set({ pending_bytes_per_caller: 5000n });
  assert.match(JSON.stringify(err(await begin("limit-2"))), /one caller may have at most 5000 bytes/);
  ok(await storage.begin_upload(upload("limit-3", 1, video("limit-3"))));
  await set({ pending_uploads: 2n });
  assert.match(JSON.stringify(err(await begin("limit-4"))), /2 uploads are unfinished/);
  // Files that are visible already need no room.
  await set({ bytes: 0n });
  ok(await storage.begin_upload(upload("kept", 2, video("kept"))));
  ok(await storage.set_limits(limits));
});
