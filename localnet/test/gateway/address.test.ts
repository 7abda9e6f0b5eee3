import assert from "node:assert/strict";
import { test } from "node:test";
import { Principal } from "@dfinity/principal";
import { addressOf, linksOf, prefixForm } from "../../src/gateway/address.ts";
import { parseContentRange } from "../../src/gateway/content-range.ts";
import { LentFolders } from "../../src/gateway/lent-folders.ts";

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
  ["a host that only contains localhost", `${id}.localhost.evil.example`, "/", undefined],
  ["a host that only ends like localhost", `${id}.evillocalhost`, "/", undefined],
  ["a host that only begins like an address of this machine", `${id}.127.evil.example`, "/", undefined],
  ["a host of the mainnet's gateways", `${id}.icp0.io`, "/", undefined],
  ["a host that only ends like the mainnet's gateways", `${id}.evilicp0.io`, "/", undefined],
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
  assert.equal(linksOf("text/html; charset=utf-8"), "anywhere");
  assert.equal(linksOf("application/vnd.apple.mpegurl"), "its folder");
  assert.equal(linksOf("application/dash+xml"), "its folder");
  assert.equal(linksOf("video/mp4"), "none");
  assert.equal(linksOf(""), "none");
});

test("a folder is lent to what lies below it, the nearest one first", () => {
  const [one, other] = [Uint8Array.of(1), Uint8Array.of(2)];
  const lent = new LentFolders();
  lent.lend("/v/1/master.m3u8?canisterId=x", one);
  lent.lend("/v/1/720p/index.m3u8", other);
  assert.equal(lent.canisterOf("/v/1/240p/0.m4s?t=1"), one);
  assert.equal(lent.canisterOf("/v/1/720p/0.m4s"), other);
  assert.equal(lent.canisterOf("/v/2/0.m4s"), undefined);
  assert.equal(lent.canisterOf("/"), undefined);
});

test("folders that were lent long ago are forgotten", () => {
  const lent = new LentFolders();
  for (let index = 0; index <= 1_000; index++) lent.lend(`/v/${index}/a.m3u8`, Uint8Array.of(1));
  assert.equal(lent.canisterOf("/v/0/0.m4s"), undefined);
  assert.ok(lent.canisterOf("/v/1000/0.m4s"));
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
