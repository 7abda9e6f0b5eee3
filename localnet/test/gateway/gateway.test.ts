import assert from "node:assert/strict";
import { once } from "node:events";
import { get } from "node:http";
import { test } from "node:test";
import { IDL } from "@dfinity/candid";
import { Principal } from "@dfinity/principal";
import type { GatewayPolicy } from "../../src/gateway/check.ts";
import { serve } from "../../src/serve.ts";
import {
  type InMemoryCanister,
  inMemoryCanister,
  inMemoryReplica,
  rejected,
  replied,
} from "../in-memory-replica.ts";
import { certifiedSite, reply, requestType, responseFields } from "./certified-site.ts";

const playlist = Buffer.from("#EXTM3U\nsegment.m4s\n");
const video = Buffer.from(Array.from({ length: 3456 }, (_, index) => index % 251));
const files = {
  "/": { type: "text/html; charset=utf-8", body: Buffer.from("<h1>page</h1>") },
  "/v/master.m3u8": { type: "application/vnd.apple.mpegurl", body: playlist },
  "/v/segment.m4s": { type: "video/mp4", body: Buffer.from("segment") },
  "/v/whole.mp4": { type: "video/mp4", body: video },
};

async function start(canister: InMemoryCanister, gateway?: GatewayPolicy) {
  const replica = inMemoryReplica([canister]);
  const network = await serve(
    { host: "127.0.0.1", port: 0, ...(gateway && { gateway }) },
    async () => replica,
  );
  const url = `http://127.0.0.1:${network.port}`;
  const id = Principal.fromUint8Array(canister.id).toText();
  const fetchFrom = (path: string, init: RequestInit = {}) =>
    fetch(`${url}/-/${id}${path}`, { redirect: "manual", ...init });
  return { network, url, id, fetchFrom };
}

test("a canister is reached by host, by prefix and by query", async () => {
  const { network, url, id, fetchFrom } = await start(certifiedSite(1, files));
  await using _ = network;
  assert.equal(await (await fetchFrom("/v/segment.m4s")).text(), "segment");
  assert.equal(await (await fetch(`${url}/v/segment.m4s?canisterId=${id}`)).text(), "segment");
  const request = get(`${url}/v/segment.m4s`, { headers: { host: `${id}.localhost:1234` } });
  const [response] = await once(request, "response");
  assert.equal((await response.toArray()).join(""), "segment");
  assert.equal((await fetch(`${url}/v/segment.m4s`)).status, 404);
});

test("a page by query is sent to the prefix form, where its relative URLs resolve", async () => {
  const { network, url, id } = await start(certifiedSite(1, files));
  await using _ = network;
  const answer = await fetch(`${url}/?canisterId=${id}&t=1`, { redirect: "manual" });
  assert.equal(answer.status, 307);
  assert.equal(answer.headers.get("location"), `/-/${id}/?t=1`);
  assert.equal((await fetch(`${url}/?canisterId=${id}`)).url, `${url}/-/${id}/`);
});

test("a playlist by query comes as it is, and what lies in its folder is found without the query", async () => {
  const { network, url, id } = await start(certifiedSite(1, files));
  await using _ = network;
  assert.equal((await fetch(`${url}/v/segment.m4s`)).status, 404);
  const answer = await fetch(`${url}/v/master.m3u8?canisterId=${id}`, { redirect: "manual" });
  assert.equal(answer.status, 200);
  assert.equal(await answer.text(), playlist.toString());
  assert.equal(await (await fetch(`${url}/v/segment.m4s`)).text(), "segment");
  assert.equal((await fetch(`${url}/elsewhere.m4s`)).status, 404);
});

test("a plain GET of a file in chunks is the whole file, a Range request one certified chunk", async () => {
  const { network, fetchFrom } = await start(certifiedSite(1, files));
  await using _ = network;
  const whole = await fetchFrom("/v/whole.mp4");
  assert.equal(whole.status, 200);
  assert.equal(whole.headers.get("content-length"), String(video.length));
  assert.equal(whole.headers.get("content-range"), null);
  assert.deepEqual(Buffer.from(await whole.arrayBuffer()), video);
  const part = await fetchFrom("/v/whole.mp4", { headers: { range: "bytes=1500-" } });
  assert.equal(part.status, 206);
  assert.equal(part.headers.get("content-range"), "bytes 1000-1999/3456");
  assert.deepEqual(Buffer.from(await part.arrayBuffer()), video.subarray(1000, 2000));
});

test("HEAD tells the headers of the whole file and sends no body", async () => {
  const { network, fetchFrom } = await start(certifiedSite(1, files));
  await using _ = network;
  const segment = await fetchFrom("/v/segment.m4s", { method: "HEAD" });
  assert.equal(segment.headers.get("content-length"), String("segment".length));
  const head = await fetchFrom("/v/whole.mp4", { method: "HEAD" });
  assert.equal(head.status, 200);
  assert.equal(head.headers.get("content-length"), String(video.length));
  assert.equal(head.headers.get("content-type"), "video/mp4");
  assert.equal(await head.text(), "");
});

/** The site with every answer changed on its way. */
function tampered(
  change: (response: { status_code: number; headers: [string, string][]; body: Uint8Array }) => void,
) {
  const site = certifiedSite(1, files);
  const honest = site.queries.http_request!;
  const responseType = IDL.Record(responseFields);
  site.queries.http_request = (call) => {
    const result = honest(call);
    assert.equal(result.status, "replied");
    const [response] = IDL.decode([responseType], (result as { reply: Uint8Array }).reply);
    change(response as never);
    return replied(IDL.encode([responseType], [response]));
  };
  return site;
}

test("an answer that does not verify is a 503 that says why", async () => {
  const changes: Parameters<typeof tampered>[0][] = [
    ({ body }) => {
      body[0]! ^= 1;
    },
    (response) => {
      response.status_code = 201;
    },
    ({ headers }) => {
      headers[0]![1] = "text/plain";
    },
    ({ headers }) => {
      headers.push(["set-cookie", "stolen=1"]);
    },
  ];
  for (const change of changes) {
    const { network, fetchFrom } = await start(tampered(change));
    await using _ = network;
    const answer = await fetchFrom("/v/segment.m4s");
    assert.equal(answer.status, 503);
    assert.match(await answer.text(), /does not verify/);
  }
});

test("a later chunk that does not verify breaks the transfer off", async () => {
  const site = tampered(({ body, headers }) => {
    if (headers.some(([, value]) => value.startsWith("bytes 2000-"))) body[0]! ^= 1;
  });
  const { network, fetchFrom } = await start(site);
  await using _ = network;
  const answer = await fetchFrom("/v/whole.mp4");
  assert.equal(answer.status, 200);
  await assert.rejects(answer.arrayBuffer());
});

test("answers without a certificate pass marked, or are refused where the policy says so", async () => {
  const plain = () =>
    inMemoryCanister(1, {
      queries: {
        http_request: () =>
          reply({
            status: 200,
            headers: [
              ["Connection", "x-hop"],
              ["X-Hop", "1"],
              ["x-mine", "2"],
            ],
            body: Buffer.from("hi"),
          }),
      },
    });
  const { network, fetchFrom } = await start(plain());
  await using _ = network;
  const answer = await fetchFrom("/");
  assert.equal(await answer.text(), "hi");
  assert.equal(answer.headers.get("x-ic-certified"), "no");
  assert.equal(answer.headers.get("x-hop"), null);
  assert.equal(answer.headers.get("x-mine"), "2");
  const strict = await start(plain(), { uncertified: "refuse" });
  await using __ = strict.network;
  assert.equal((await strict.fetchFrom("/")).status, 503);
});

test("a canister may ask for the request again as an update", async () => {
  const upgraded = IDL.Record({ ...responseFields, upgrade: IDL.Opt(IDL.Bool) });
  const canister = inMemoryCanister(1, {
    queries: {
      http_request: () =>
        replied(IDL.encode([upgraded], [{ status_code: 200, headers: [], body: [], upgrade: [true] }])),
    },
    updates: {
      http_request_update: ({ ingress }) => {
        const [request] = IDL.decode([requestType], ingress.arg) as unknown as [
          { method: string; body: Uint8Array },
        ];
        return reply({
          status: 201,
          headers: [],
          body: Buffer.from(`${request.method} ${Buffer.from(request.body)}`),
        });
      },
    },
  });
  const { network, fetchFrom } = await start(canister);
  await using _ = network;
  const answer = await fetchFrom("/", { method: "POST", body: "posted" });
  assert.equal(answer.status, 201);
  assert.equal(await answer.text(), "POST posted");
});

for (const parts of [3, 12]) {
  test(`a body streamed by callbacks in ${parts} parts arrives whole`, async () => {
    const token = IDL.Record({ next: IDL.Nat });
    const part = IDL.Record({ body: IDL.Vec(IDL.Nat8), token: IDL.Opt(token) });
    const callback = IDL.Func([token], [part], ["query"]);
    const strategy = IDL.Variant({ Callback: IDL.Record({ callback, token }) });
    const streaming = IDL.Record({ ...responseFields, streaming_strategy: IDL.Opt(strategy) });
    const canister = inMemoryCanister(1, {
      queries: {
        http_request: () => {
          const more = { callback: [Principal.fromUint8Array(canister.id), "more"], token: { next: 1n } };
          const first = {
            status_code: 200,
            headers: [],
            body: Buffer.from("0,"),
            streaming_strategy: [{ Callback: more }],
          };
          return replied(IDL.encode([streaming], [first]));
        },
        more: ({ ingress }) => {
          const [{ next }] = IDL.decode([token], ingress.arg) as unknown as [{ next: bigint }];
          const rest = Number(next) + 1 < parts ? [{ next: next + 1n }] : [];
          return replied(IDL.encode([part], [{ body: Buffer.from(`${next},`), token: rest }]));
        },
      },
    });
    const { network, fetchFrom } = await start(canister);
    await using _ = network;
    const expected = Array.from({ length: parts }, (_, index) => `${index},`).join("");
    assert.equal(await (await fetchFrom("/")).text(), expected);
  });
}

test("a canister that is not there, traps or answers nonsense is a readable page", async () => {
  const canister = inMemoryCanister(1, {
    queries: { http_request: () => rejected(5, "trapped: <b>oops</b>", "IC0502") },
  });
  const { network, url, fetchFrom } = await start(canister);
  await using _ = network;
  const page = await fetchFrom("/", { headers: { accept: "text/html" } });
  assert.equal(page.status, 502);
  assert.match(page.headers.get("content-type")!, /text\/html/);
  assert.match(await page.text(), /trapped: &#60;b&#62;oops/);
  assert.equal((await fetch(`${url}/-/ryjl3-tyaaa-aaaaa-aaaba-cai/`)).status, 404);
  canister.queries.http_request = () => replied(IDL.encode([IDL.Text], ["nonsense"]));
  assert.match(await (await fetchFrom("/")).text(), /not an HTTP response/);
});
