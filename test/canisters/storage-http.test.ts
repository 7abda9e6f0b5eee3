import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { Principal } from "@dfinity/principal";
import { verifyRequestResponsePair } from "@dfinity/response-verification";
import type { HttpRequest, HttpResponse } from "@kiln/client/bindings/storage";
import fc from "fast-check";
import { allChunks, noise, type Sample, sha256, upload } from "./files.ts";
import { type CanisterNetwork, ok, startCanisters } from "./network.ts";

const clip: Sample = { path: "/v/clip.mp4", bytes: noise("clip", 3500) };
const segment: Sample = { path: "/v/0.m4s", bytes: noise("segment", 700), contentType: "video/iso.segment" };
const byte: Sample = { path: "/v/byte", bytes: noise("byte", 1) };
const empty: Sample = { path: "/empty", bytes: new Uint8Array() };
const page: Sample = {
  path: "/v/page/index.html",
  bytes: noise("page", 600),
  contentType: "text/html",
  cacheControl: "public, max-age=60",
};
const style: Sample = {
  path: "/s/player.css",
  bytes: noise("style", 2500),
  contentType: "text/css",
  cacheControl: "public, max-age=60",
};
const styleBr: Sample = {
  path: "/s/player.css.br",
  bytes: noise("br", 500),
  contentType: "application/x-brotli",
};
const styleGz: Sample = {
  path: "/s/player.css.gz",
  bytes: noise("gz", 600),
  contentType: "application/gzip",
};
// Two chunks: it does not fit into one response.
const segmentBr: Sample = { path: `${segment.path}.br`, bytes: noise("large", 1500) };
const samples = [clip, segment, byte, empty, page, style, styleBr, styleGz, segmentBr];

let network: CanisterNetwork;
before(async () => {
  network = await startCanisters();
  const { storage } = network.admin;
  ok(await storage.begin_upload(upload("http", 1, samples)));
  ok(await storage.put_chunks("http", 1n, allChunks(samples)));
  ok(await storage.hash_files("http", 1n));
  ok(await storage.commit("http", 1n));
});
after(() => network[Symbol.asyncDispose]());

const request = (url: string, range?: string, method = "GET"): HttpRequest => ({
  method,
  url,
  headers: range === undefined ? [] : [["Range", range]],
  body: new Uint8Array(),
  certificate_version: [2],
});

const ask = (question: HttpRequest) => network.admin.storage.http_request(question);

/** What a gateway does before it hands a response on: the official verification. Throws when it refuses. */
function verify(question: HttpRequest, response: HttpResponse): void {
  verifyRequestResponsePair(
    { ...question, body: new Uint8Array(question.body) },
    {
      status_code: response.status_code,
      headers: response.headers,
      body: new Uint8Array(response.body),
    },
    Principal.fromText(network.canisters.storage).toUint8Array(),
    BigInt(Date.now()) * 1_000_000n,
    300_000_000_000n,
    network.agent.rootKey!,
    2,
  );
}

const etag = ({ bytes }: Sample) => `"${Buffer.from(sha256(bytes)).toString("hex")}"`;

/** Headers in the order in which they are sent, without what certification adds. */
function plainHeaders(response: HttpResponse): Record<string, string> {
  return Object.fromEntries(response.headers.filter(([name]) => !name.startsWith("ic-certificate")));
}

function fileHeaders(sample: Sample, length: number, range?: string) {
  const { contentType = "video/mp4", cacheControl = "public, max-age=31536000, immutable" } = sample;
  return {
    "content-type": contentType,
    "content-length": `${length}`,
    "cache-control": cacheControl,
    "accept-ranges": "bytes",
    etag: etag(sample),
    ...(range === undefined ? {} : { "content-range": range }),
    "access-control-allow-origin": "*",
    "x-content-type-options": "nosniff",
  };
}

const part = (sample: Sample, from: number, to: number) => ({
  status: 206,
  headers: fileHeaders(sample, to - from, `bytes ${from}-${to - 1}/${sample.bytes.length}`),
  body: sample.bytes.subarray(from, to),
});
const whole = (sample: Sample, body = sample.bytes) => ({
  status: 200,
  headers: fileHeaders(sample, sample.bytes.length),
  body,
});
const unsatisfiable = ({ bytes }: Sample) => ({
  status: 416,
  headers: {
    "content-range": `bytes */${bytes.length}`,
    "content-length": "0",
    "access-control-allow-origin": "*",
    "x-content-type-options": "nosniff",
  },
  body: new Uint8Array(),
});
const notFound = {
  status: 404,
  headers: {
    "content-type": "text/plain",
    "content-length": "9",
    "cache-control": "no-cache",
    "access-control-allow-origin": "*",
    "x-content-type-options": "nosniff",
  },
  body: new TextEncoder().encode("not found"),
};

const common = { "access-control-allow-origin": "*", "x-content-type-options": "nosniff" };
const nothing = new Uint8Array();
const unchanged = {
  status: 304,
  headers: { "cache-control": page.cacheControl, etag: etag(page), ...common },
  body: nothing,
};
const notAllowed = {
  status: 405,
  headers: { allow: "GET, HEAD", "content-length": "0", ...common },
  body: nothing,
};
const redirect = {
  status: 308,
  headers: { location: "page/", "content-length": "0", "cache-control": "no-cache", ...common },
  body: nothing,
};
const conditional = (url: string, tags: string): HttpRequest => ({
  ...request(url),
  headers: [["If-None-Match", tags]],
});

const encoding = (url: string, accepted: string, ...more: [string, string][]): HttpRequest => ({
  ...request(url),
  headers: [["accept-encoding", accepted], ...more],
});
const vary = { vary: "accept-encoding" };
const encoded = (name: string, { bytes }: Sample) => ({
  status: 200,
  headers: { ...fileHeaders({ ...style, bytes }, bytes.length), "content-encoding": name, ...vary },
  body: bytes,
});
const varying = <Answer extends { headers: object }>(answer: Answer) => ({
  ...answer,
  headers: { ...answer.headers, ...vary },
});

const answers: [string, HttpRequest, { status: number; headers: object; body: Uint8Array }][] = [
  ["a file of one chunk", request(segment.path), whole(segment)],
  ["a query in the URL", request(`${segment.path}?v=1`), whole(segment)],
  ["empty segments in the URL", request("//v//0.m4s"), whole(segment)],
  ["a range of a file of one chunk", request(segment.path, "bytes=0-"), part(segment, 0, 700)],
  [
    "the head of a file of one chunk",
    request(segment.path, undefined, "HEAD"),
    whole(segment, new Uint8Array()),
  ],
  ["a file of several chunks", request(clip.path), part(clip, 0, 1000)],
  ["its head", request(clip.path, undefined, "HEAD"), whole(clip, new Uint8Array())],
  ["its first two bytes", request(clip.path, "bytes=0-1"), part(clip, 0, 2)],
  ["a range that begins in the second chunk", request(clip.path, "bytes=1500-"), part(clip, 1000, 2000)],
  ["a range over two chunks", request(clip.path, "bytes=999-1001"), part(clip, 0, 1000)],
  ["its last bytes", request(clip.path, "bytes=-5"), part(clip, 3000, 3500)],
  ["more last bytes than there are", request(clip.path, "bytes=-9999"), part(clip, 0, 1000)],
  ["a range behind the end", request(clip.path, "bytes=3500-"), unsatisfiable(clip)],
  ["no last bytes", request(clip.path, "bytes=-0"), unsatisfiable(clip)],
  ["a range that runs backwards", request(clip.path, "bytes=2-1"), part(clip, 0, 1000)],
  ["two ranges", request(clip.path, "bytes=0-1,5-6"), part(clip, 0, 1000)],
  ["another unit", request(clip.path, "lines=0-1"), part(clip, 0, 1000)],
  ["two bytes of a file of one", request(byte.path, "bytes=0-1"), part(byte, 0, 1)],
  ["an empty file", request(empty.path), whole(empty)],
  ["a range of an empty file", request(empty.path, "bytes=0-"), unsatisfiable(empty)],
  ["the root", request("/"), notFound],
  ["an unknown file", request("/v/1.m4s"), notFound],
  ["a folder", request("/v"), notFound],
  ["a folder with a slash", request("/v/"), notFound],
  ["a path below a file", request(`${segment.path}/x`), notFound],
  ["a file with a slash", request(`${segment.path}/`), notFound],
  ["an encoded path", request("/a%20b/%C3%A9"), notFound],
  ["a range of an unknown file", request("/nothing", "bytes=0-1"), notFound],
  ["a page", request(page.path), whole(page)],
  ["a page at its folder's path", request("/v/page/?autoplay=1"), whole(page)],
  ["a page at its folder's path without the slash", request("/v/page"), redirect],
  ["below a page's folder", request("/v/page/nothing"), notFound],
  ["a page that the client has", conditional("/v/page/", `"other", W/${etag(page)}`), unchanged],
  ["a page of which the client has another", conditional(page.path, `"other"`), whole(page)],
  ["a file that never changes", conditional(segment.path, etag(segment)), whole(segment)],
  ["Brotli", encoding(style.path, "gzip, deflate, br, zstd"), encoded("br", styleBr)],
  ["gzip", encoding(style.path, "GZip;q=0.5"), encoded("gzip", styleGz)],
  ["Brotli refused", encoding(style.path, "br;q=0, gzip;q=0.1"), encoded("gzip", styleGz)],
  ["no encoding known", encoding(style.path, "zstd, *"), varying(part(style, 0, 1000))],
  ["no encoding asked for", request(style.path), varying(part(style, 0, 1000))],
  [
    "a range: of the plain bytes",
    encoding(style.path, "br", ["range", "bytes=1000-"]),
    varying(part(style, 1000, 2000)),
  ],
  [
    "an encoded file that the client has",
    encoding(style.path, "br", ["if-none-match", etag(styleBr)]),
    {
      ...unchanged,
      headers: {
        "cache-control": style.cacheControl,
        etag: etag(styleBr),
        ...common,
        "content-encoding": "br",
        ...vary,
      },
    },
  ],
  ["an encoded file by its own path", request(styleBr.path), whole(styleBr)],
  ["an encoding of several chunks is not used", encoding(segment.path, "br"), whole(segment)],
  ["another method", request(segment.path, undefined, "POST"), notAllowed],
  ["another method for a page's folder", request("/v/page/", undefined, "PUT"), notAllowed],
  ["another method for an unknown file", request("/v/1.m4s", undefined, "POST"), notFound],
];
for (const [what, question, expected] of answers)
  test(`certified: ${what}`, async () => {
    const response = await ask(question);
    verify(question, response);
    const { status_code: status, body } = response;
    assert.deepEqual(
      { status, headers: plainHeaders(response), body: new Uint8Array(body) },
      {
        ...expected,
        body: new Uint8Array(expected.body),
      },
    );
  });

const forgeries: [string, (response: HttpResponse) => HttpResponse][] = [
  ["a changed body", (response) => ({ ...response, body: Uint8Array.from([...response.body, 1]) })],
  ["a changed status", (response) => ({ ...response, status_code: 203 })],
  [
    "a changed header",
    (response) => ({
      ...response,
      headers: response.headers.map(([name, value]) => [name, name === "cache-control" ? "no-store" : value]),
    }),
  ],
  ["one more header", (response) => ({ ...response, headers: [...response.headers, ["refresh", "0"]] })],
];
for (const [what, forge] of forgeries)
  for (const question of [request(segment.path), request(clip.path, "bytes=1000-"), request("/nothing")])
    test(`refused: ${what} of ${question.url}`, async () => {
      const response = await ask(question);
      assert.throws(() => verify(question, forge(response)));
    });

test("refused: the answer for an unknown path where there is a file", async () => {
  const response = await ask(request("/nothing"));
  assert.throws(() => verify(request(segment.path), response));
});

// Labels that sort before, between and after those of the certification itself ("<$>", "<*>"), and beginnings of each other.
const name = fc.constantFrom("0", "360p", "720p", "A", "a", "aa", "v", "index.html", "~");
const place = fc.array(name, { minLength: 1, maxLength: 4 }).map((names) => `/${names.join("/")}`);
test("whatever is stored, every missing path has a certified 404 and every file its bytes", async () => {
  const { storage } = network.admin;
  let attempt = 1;
  await fc.assert(
    fc.asyncProperty(
      fc.uniqueArray(place, { minLength: 1, maxLength: 25 }),
      fc.array(fc.tuple(place, fc.constantFrom("", "/")), { minLength: 12, maxLength: 12 }),
      async (paths, others) => {
        const tree = paths.map((path) => ({ path, bytes: noise(path, 9) }));
        attempt += 1;
        ok(await storage.begin_upload(upload("tree", attempt, tree)));
        ok(await storage.put_chunks("tree", BigInt(attempt), allChunks(tree)));
        ok(await storage.hash_files("tree", BigInt(attempt)));
        ok(await storage.commit("tree", BigInt(attempt)));
        for (const [path, slash] of [...others, [paths[0]!, ""], [`${paths[0]}/below`, ""]]) {
          const question = request(`${path}${slash}`);
          const response = await ask(question);
          verify(question, response);
          const served = paths.includes(`${path}${slash}`) || paths.includes(`${path}/index.html`);
          const isLink = slash === "" && served && !paths.includes(path!);
          assert.equal(response.status_code, served ? (isLink ? 308 : 200) : 404, question.url);
        }
      },
    ),
    { numRuns: 10, endOnFailure: true },
  );
});

test("encodings come and go with the files that hold them, and only with those of the same upload", async () => {
  const { storage } = network.admin;
  const plain = { path: "/e/a.js", bytes: noise("js", 900), contentType: "text/javascript" };
  const compressed = { path: "/e/a.js.br", bytes: noise("js br", 90) };
  let attempt = 0;
  const served = async (id: string, files: Sample[]) => {
    attempt += 1;
    ok(await storage.begin_upload(upload(id, attempt, files)));
    ok(await storage.put_chunks(id, BigInt(attempt), allChunks(files)));
    ok(await storage.hash_files(id, BigInt(attempt)));
    ok(await storage.commit(id, BigInt(attempt)));
    for (const question of [request(plain.path), encoding(plain.path, "br")])
      verify(question, await ask(question));
    const { headers } = await ask(encoding(plain.path, "br"));
    return headers.find(([name]) => name === "content-encoding")?.[1];
  };
  assert.equal(await served("encodings", [plain]), undefined);
  assert.equal(await served("others", [compressed]), undefined);
  assert.equal(await served("encodings", [{ ...plain, bytes: noise("js again", 900) }]), undefined);
  assert.equal(await served("others", []), undefined);
  assert.equal(await served("encodings", [compressed, plain]), "br");
  assert.equal(await served("encodings", [plain, { ...compressed, bytes: noise("js br 2", 80) }]), "br");
  assert.equal(await served("encodings", [plain]), undefined);
});

test("after an upgrade everything is certified as before", async () => {
  await network.upgrade("storage");
  for (const question of [
    request(segment.path),
    request(clip.path, "bytes=2000-"),
    encoding(style.path, "br"),
    request("/nothing"),
  ])
    verify(question, await ask(question));
});

test("a file that a new commit leaves out is certified to be absent", async () => {
  const { storage } = network.admin;
  ok(await storage.begin_upload(upload("short", 1, [{ ...segment, path: "/short/0.m4s" }])));
  ok(await storage.commit("short", 1n));
  ok(await storage.begin_upload(upload("short", 2, [])));
  ok(await storage.commit("short", 2n));
  const question = request("/short/0.m4s");
  const response = await ask(question);
  verify(question, response);
  assert.equal(response.status_code, 404);
});
