import assert from "node:assert/strict";
import { test } from "node:test";
import { Principal } from "@dfinity/principal";
import { addressOf, holdsRelativeUrls, prefixForm } from "../../src/gateway/address.ts";
import { parseContentRange } from "../../src/gateway/content-range.ts";

const id = "rrkah-fqaaa-aaaaa-aaaaq-cai";
const canisterId = Principal.fromText(id).toUint8Array();

const addresses: [string, string | undefined, string, object | undefined][] = [
  ["host", `${id}.localhost:8080`, "/a?b=c", { canisterId, url: "/a?b=c", via: "host" }],
  ["host in capitals", `${id.toUpperCase()}.LOCALHOST`, "/", { canisterId, url: "/", via: "host" }],
  ["prefix", "127.0.0.1:8080", `/-/${id}/a?b=c`, { canisterId, url: "/a?b=c", via: "prefix" }],
  ["prefix alone", "127.0.0.1", `/-/${id}`, { canisterId, url: "/", via: "prefix" }],
  ["prefix and query only", "127.0.0.1", `/-/${id}?b=c`, { canisterId, url: "/?b=c", via: "prefix" }],
  [
    "query",
    "127.0.0.1",
    `/a?b=c&canisterId=${id}`,
    { canisterId, url: `/a?b=c&canisterId=${id}`, via: "query" },
  ],
  [
    "host before query",
    `${id}.localhost`,
    "/?canisterId=aaaaa-aa",
    { canisterId, url: "/?canisterId=aaaaa-aa", via: "host" },
  ],
  ["another host", "example.com", "/", undefined],
  ["no canister in the host", "www.localhost", "/", undefined],
  ["no canister in the prefix", "127.0.0.1", "/-/nonsense/a", undefined],
  ["nothing", undefined, "/", undefined],
];
for (const [cell, host, url, expected] of addresses) {
  test(`address: ${cell}`, () => assert.deepEqual(addressOf(host, url), expected));
}

test("the prefix form keeps path and other parameters", () => {
  const address = { canisterId, via: "query" as const };
  assert.equal(prefixForm({ ...address, url: `/v/a.m3u8?canisterId=${id}&t=1` }), `/-/${id}/v/a.m3u8?t=1`);
  assert.equal(prefixForm({ ...address, url: `/?canisterId=${id}` }), `/-/${id}/`);
});

test("documents with relative URLs are known by their content type", () => {
  assert.ok(holdsRelativeUrls("text/html; charset=utf-8"));
  assert.ok(holdsRelativeUrls("application/vnd.apple.mpegurl"));
  assert.ok(holdsRelativeUrls("application/dash+xml"));
  assert.ok(!holdsRelativeUrls("video/mp4"));
  assert.ok(!holdsRelativeUrls(""));
});

const ranges: [string | undefined, object | undefined][] = [
  ["bytes 0-9/20", { start: 0, end: 10, size: 20 }],
  ["bytes 10-19/20", { start: 10, end: 20, size: 20 }],
  ["bytes 10-20/20", undefined],
  ["bytes 9-0/20", undefined],
  ["bytes 0-9/*", undefined],
  ["bytes */20", undefined],
  [undefined, undefined],
];
for (const [value, expected] of ranges) {
  test(`Content-Range: ${value}`, () => assert.deepEqual(parseContentRange(value), expected));
}
