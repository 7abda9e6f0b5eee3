import assert from "node:assert/strict";
import { test } from "node:test";
import { brotliDecompressSync, gunzipSync } from "node:zlib";
import { readPlayerAssets, readPlayerTemplate } from "../../../src/ic/publish/player-assets.ts";
import { plainPoster, playerPage } from "../../../src/ic/publish/player-page.ts";
import { publication } from "./sample-publication.ts";

const scripts = { script: "s.js", style: "s.css", library: "l.mjs" };
const address = "https://canister.example/v/some-id/";

test("player page: every placeholder is filled, and text is escaped", async () => {
  const title = `<script>alert("1")</script> & 'more' {{width}}`;
  const page = playerPage(await readPlayerTemplate(), { ...publication, title }, scripts, address);
  assert.ok(!page.includes("<script>alert"));
  assert.ok(
    page.includes("&#60;script&#62;alert(&#34;1&#34;)&#60;/script&#62; &#38; &#39;more&#39; {{width}}"),
  );
  assert.equal(
    page.match(/\{\{/g)?.length,
    4,
    "only the title's own braces are left, once for each place of it",
  );
});

test("player page: pictures are offered smallest type first, with a JPEG as the fallback", () => {
  const posters = [
    { path: "p-200.jpg", width: 200, height: 300, type: "image/jpeg" },
    { path: "p-400.jpg", width: 400, height: 600, type: "image/jpeg" },
    { path: "p-800.webp", width: 800, height: 1200, type: "image/webp" },
    { path: "p-400.avif", width: 400, height: 600, type: "image/avif" },
  ];
  assert.equal(plainPoster(posters).path, "p-400.jpg");
  assert.equal(
    playerPage("{{pictures}}", { ...publication, posters }, scripts, address),
    '<source type="image/avif" srcset="p-400.avif 400w" sizes="100vw">' +
      '<source type="image/webp" srcset="p-800.webp 800w" sizes="100vw">' +
      '<source type="image/jpeg" srcset="p-200.jpg 200w, p-400.jpg 400w" sizes="100vw">' +
      '<img src="p-400.jpg" alt="">',
  );
});

test("player page: every URL is relative to the page", async () => {
  const page = playerPage(
    await readPlayerTemplate(),
    publication,
    (await readPlayerAssets()).scripts,
    address,
  );
  const urls = [...page.matchAll(/(?:src|href|data-playlist|data-library)="([^"]*)"/g)].map(([, url]) => url);
  assert.ok(urls.length >= 5);
  for (const url of urls) assert.ok(!/^(\/|https?:)/.test(url ?? ""), url);
});

test("player page: link previews get an absolute address and the poster", async () => {
  const page = playerPage(await readPlayerTemplate(), publication, scripts, address);
  const meta = Object.fromEntries(
    [...page.matchAll(/<meta property="(og:[\w:]+)" content="([^"]*)">/g)].map(([, name, value]) => [
      name,
      value,
    ]),
  );
  const poster = plainPoster(publication.posters);
  assert.deepEqual(meta, {
    "og:type": "video.other",
    "og:title": publication.title,
    "og:url": address,
    "og:image": `${address}${poster.path}`,
    "og:image:width": `${poster.width}`,
    "og:image:height": `${poster.height}`,
  });
});

test("player assets: scripts come compressed beside the plain bytes", async () => {
  const { files } = await readPlayerAssets();
  const bytesOf = (name: string) => {
    const source = files.find(({ path }) => path.endsWith(name))?.source;
    assert.ok(source?.kind === "bytes", name);
    return source.bytes;
  };
  const plain = bytesOf("/hls.mjs");
  assert.deepEqual(brotliDecompressSync(bytesOf("/hls.mjs.br")), plain);
  assert.deepEqual(gunzipSync(bytesOf("/hls.mjs.gz")), plain);
  assert.ok(bytesOf("/hls.mjs.br").length < plain.length / 3);
});

test("player assets: their folder is named after their content, and pages find them there", async () => {
  const { uploadId, files, scripts } = await readPlayerAssets();
  const version = uploadId.replace("player-assets-", "");
  assert.match(version, /^[0-9a-f]{16}$/);
  const paths = files.map(({ path }) => path);
  const page = "https://canister.example/v/some-id/index.html";
  for (const url of Object.values(scripts)) assert.ok(paths.includes(new URL(url, page).pathname), url);
});

test("player page: a template that asks for an unknown value is refused", () => {
  assert.throws(() => playerPage("{{nonsense}}", publication, scripts, address), /unknown \{\{nonsense\}\}/);
});
