import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { Actor, AnonymousIdentity, HttpAgent } from "@dfinity/agent";
import { IDL } from "@dfinity/candid";
import { Principal } from "@dfinity/principal";
import * as contentIndex from "@kiln/client/bindings/content_index";
import * as globalConfiguration from "@kiln/client/bindings/global_configuration";
import * as storage from "@kiln/client/bindings/storage";
import { allChunks, noise, upload } from "./files.ts";
import { type Caller, type CanisterNetwork, err, isRefused, ok, startCanisters } from "./network.ts";
import { post, ready, video } from "./videos.ts";

let network: CanisterNetwork;
let stranger: Caller;
before(async () => {
  network = await startCanisters();
  stranger = await network.newCaller();
});
after(() => network[Symbol.asyncDispose]());

const sample = { path: "/abuse/a.mp4", bytes: noise("abuse", 10) };
const anyone = Principal.managementCanister();
const limits = { bytes: 0n, pending_bytes_per_caller: 0n, pending_uploads: 0n };
const run = { model_version: "m", sequence: 1n };

/** Arguments that would have an effect, a line for every update method of the canister. */
const methods = {
  storage: {
    begin_upload: [upload("abuse", 1, [sample])],
    put_chunk: ["abuse", 1n, allChunks([sample])[0]],
    put_chunks: ["abuse", 1n, allChunks([sample])],
    hash_files: ["abuse", 1n],
    commit: ["abuse", 1n],
    delete_upload: ["abuse", 1n],
    take_down: ["abuse"],
    allow: ["abuse"],
    collect_unfinished: [{ idle_seconds: 0 }],
    set_limits: [limits],
  },
  index: {
    upsert_video: [video("abuse")],
    set_status: ["abuse", ready],
    take_down: [{ id: "abuse", attempt: 1n, status: { Deleted: null } }],
    withdraw: [{ id: "abuse", attempt: 1n, status: { Deleted: null } }],
    lift: ["abuse"],
    set_moderation: ["abuse", { safe: null }],
    apply_posts: [{ first: 1n, follows: [], posts: [post("abuse")] }],
    update_scores: [{ ...run, scores: [{ id: "abuse", top: 9n }] }],
    push_feeds: [{ ...run, feeds: [{ target: { segment: "all" }, videos: ["abuse"] }] }],
    put_vectors: [
      { model_version: "m", dimensions: 1, vectors: [{ id: "abuse", vector: Uint8Array.of(1) }] },
    ],
    refresh_membership: [],
  },
  configuration: {
    grant: [anyone, { admin: null }],
    revoke: [anyone, { admin: null }],
    register_canister: [{ id: anyone, kind: { storage: null }, subnet: [] }],
    deregister_canister: [anyone],
    set_flag: ["abuse", true],
    set_well_known_principal: ["abuse", [anyone]],
  },
} as const;

type Part = keyof typeof methods;
type Method = (...args: readonly unknown[]) => Promise<{ ok: unknown } | { err: unknown }>;
const interfaces = {
  storage: storage.idlFactory,
  index: contentIndex.idlFactory,
  configuration: globalConfiguration.idlFactory,
};
const canisters = {
  storage: "storage",
  index: "content_index",
  configuration: "global_configuration",
} as const;

for (const part of Object.keys(methods) as Part[]) {
  test(`${canisters[part]}: the table above lists every update method`, () => {
    const updates = interfaces[part]({ IDL })
      ._fields.filter(([, { annotations }]) => annotations.length === 0)
      .map(([name]) => name);
    assert.deepEqual(Object.keys(methods[part]).sort(), updates.sort());
  });
  test(`${canisters[part]}: callers without a role are unauthorized, anonymous ones are rejected on arrival`, async () => {
    const agent = HttpAgent.createSync({
      host: network.url,
      identity: new AnonymousIdentity(),
      rootKey: network.agent.rootKey!,
    });
    const canisterId = network.canisters[canisters[part]];
    const anonymous: Record<string, Method> = Actor.createActor(interfaces[part], { agent, canisterId });
    for (const [name, args] of Object.entries(methods[part])) {
      const foreign = (stranger[part] as unknown as Record<string, Method>)[name]!;
      await isRefused(foreign(...args), name);
      await assert.rejects(anonymous[name]!(...args), /reject/i, name);
    }
  });
}

const long = (length: number) => "x".repeat(length);
const many = <Value>(count: number, value: Value): Value[] => Array.from({ length: count }, () => value);
const scores = { ...run, scores: [] };
const vectors = { model_version: "m", dimensions: 1, vectors: [] };
const question = { feed: { newest: null }, cursor: [] as [], limit: 1, filter: [] as [] };
const ranking = {
  model_version: "m",
  vector: Uint8Array.of(1),
  candidates: { newest: 4_000_000_000 },
  limit: 1,
  filter: [] as [],
};
const hidden = [{ unsafe: { hide: null }, without_authors: many(101, anyone) }] as const;

/** Arguments that the index refuses, and the message that names the fault. */
const faults: [what: string, call: (index: contentIndex._SERVICE) => Promise<unknown>, message: RegExp][] = [
  ["an id with a slash", (index) => index.upsert_video(video("a/b")), /id must have/],
  ["an id of 65 letters", (index) => index.upsert_video(video(long(65))), /id must have/],
  ["a title of 201 letters", (index) => index.upsert_video({ ...video("a"), title: long(201) }), /title/],
  ["a relative path", (index) => index.upsert_video({ ...video("a"), hls: "x" }), /paths must/],
  ["a path of 1,001", (index) => index.upsert_video({ ...video("a"), hls: `/${long(1_000)}` }), /paths must/],
  [
    "65 renditions",
    (index) => index.upsert_video({ ...video("a"), renditions: many(65, video("a").renditions[0]!) }),
    /64 renditions/,
  ],
  [
    "a takedown to ReadyToView",
    (index) => index.take_down({ id: "a", attempt: 1n, status: ready }),
    /status of a takedown must be/,
  ],
  ["no model version", (index) => index.update_scores({ ...scores, model_version: "" }), /model_version/],
  [
    "20,001 scores",
    (index) => index.update_scores({ ...scores, scores: many(20_001, { id: "a", top: 1n }) }),
    /20000 scores/,
  ],
  [
    "1,001 feeds",
    (index) => index.push_feeds({ ...run, feeds: many(1_001, { target: { segment: "s" }, videos: [] }) }),
    /1000 feeds/,
  ],
  [
    "a feed of 501 videos",
    (index) => index.push_feeds({ ...run, feeds: [{ target: { segment: "s" }, videos: many(501, "a") }] }),
    /500 videos/,
  ],
  [
    "a segment without a name",
    (index) => index.push_feeds({ ...run, feeds: [{ target: { segment: "" }, videos: [] }] }),
    /segment/,
  ],
  ["513 dimensions", (index) => index.put_vectors({ ...vectors, dimensions: 513 }), /512 dimensions/],
  [
    "a short vector",
    (index) =>
      index.put_vectors({ ...vectors, dimensions: 2, vectors: [{ id: "a", vector: Uint8Array.of(1) }] }),
    /one byte per dimension/,
  ],
  ["an empty vector", (index) => index.rank({ ...ranking, vector: new Uint8Array() }), /dimensions/],
  ["101 hidden authors", (index) => index.feed({ ...question, filter: [hidden[0]] }), /100 authors/],
];
test("arguments that are too large or out of place are refused with a message", async () => {
  const { admin } = network;
  ok(await admin.configuration.grant(admin.principal, { recommender: null }));
  for (const [what, call, message] of faults) {
    const refusal = err((await call(admin.index)) as { ok: unknown } | { err: { invalid: string } });
    assert.match(refusal.invalid, message, what);
  }
});

test("no reply is larger than its page, whatever limit is given", async () => {
  const { admin } = network;
  const limit = 4_294_967_295;
  const entered = Array.from({ length: 101 }, (_, number) =>
    admin.index.upsert_video(video(`page-${number}`)),
  );
  for (const result of await Promise.all(entered)) ok(result);
  const page = ok(await admin.index.feed({ ...question, limit }));
  assert.equal(page.videos.length, 100);
  assert.equal(ok(await admin.index.feed_with_authors({ ...question, limit })).page.videos.length, 20);
  const { considered } = ok(await admin.index.rank(ranking));
  assert.equal(considered, 0);
  assert.ok((await admin.configuration.audit_log({ from: 0n, limit })).length < 10_001);
  const nowhere = { rank: -(2n ** 63n), sequence: 2n ** 64n - 1n };
  assert.deepEqual(ok(await admin.index.feed({ ...question, cursor: [nowhere] })).videos, []);
});

test("calls that overlap while roles are read: the newest attempt wins, nothing is left half done", async () => {
  const { admin } = network;
  // Without a cache every call waits for the membership list while others run.
  await network.upgrade("storage");
  await network.upgrade("content_index");
  const attempts = [3, 1, 5, 2, 4];
  await Promise.all(attempts.map((attempt) => admin.storage.begin_upload(upload("race", attempt, [sample]))));
  assert.equal((await admin.storage.upload_status("race"))[0]?.attempt, 5n);
  await Promise.all(attempts.map((attempt) => admin.index.upsert_video(video("race", attempt))));
  assert.equal((await admin.index.get("race"))[0]?.video.attempt, 5n);

  await network.upgrade("storage");
  ok(await admin.storage.put_chunks("race", 5n, allChunks([sample])));
  await network.upgrade("storage");
  const { files, bytes } = await admin.storage.status();
  await Promise.all([
    admin.storage.commit("race", 5n),
    admin.storage.delete_upload("race", 5n),
    admin.storage.commit("race", 5n),
  ]);
  const after = await admin.storage.status();
  assert.deepEqual([after.files, after.bytes, after.pending_uploads], [files, bytes, 0n]);
  assert.deepEqual(await admin.storage.get(sample.path), []);
});
