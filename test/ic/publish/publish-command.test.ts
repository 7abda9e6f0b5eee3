import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { fileURLToPath } from "node:url";
import type { Analysis } from "../../../src/analysis/analysis.ts";
import { grantRole } from "../../../src/ic/canisters/roles.ts";
import { argumentsOf } from "../../../src/ic/deploy/arguments.ts";
import { installCanister } from "../../../src/ic/deploy/install.ts";
import { writeDeployment } from "../../../src/ic/network/deployment.ts";
import { createIdentity } from "../../../src/ic/network/identity.ts";
import type { Manifest } from "../../../src/transcode/manifest.ts";
import { startTestNetwork } from "../local-network.ts";

const network = await startTestNetwork();
const folder = await mkdtemp(join(tmpdir(), "kiln-publish-command-"));
after(async () => {
  await network[Symbol.asyncDispose]();
  await rm(folder, { recursive: true });
});

const main = fileURLToPath(new URL("../../../src/cli/main.ts", import.meta.url));

/** What Kiln keeps is elsewhere than the folder in which it is run. */
const home = join(folder, "home");

/** Runs kiln in the folder, with no setting of this machine. */
function kiln(...args: string[]) {
  return kilnWith({}, ...args);
}

function kilnWith(
  env: Record<string, string>,
  ...args: string[]
): Promise<{ code: number; stdout: string; stderr: string }> {
  return new Promise((resolve) => {
    const child = execFile(
      process.execPath,
      [main, ...args],
      { cwd: folder, env: { KILN_HOME: home, KILN_MODERATION: "off", ...env } },
      (_, stdout, stderr) => {
        resolve({ code: child.exitCode ?? -1, stdout, stderr });
      },
    );
  });
}

/** What kiln transcode would leave, with noise for media. */
async function writeTranscoded(name: string, analysis: Analysis | null = null): Promise<void> {
  const files = ["720p/0-aa.m4s", "720p/1-bb.m4s", "master.m3u8", "manifest.mpd", "posters/1-cc.jpg"].map(
    (path) => ({ path, bytes: randomBytes(100_000) }),
  );
  for (const { path, bytes } of files) {
    await mkdir(join(folder, name, path, ".."), { recursive: true });
    await writeFile(join(folder, name, path), bytes);
  }
  const manifest: Manifest = {
    version: 1,
    source: {
      bytes: 1,
      sha256: "12".repeat(32),
      container: "mp4",
      codec: "h264",
      width: 720,
      height: 1280,
      rotation: 0,
      duration: 4,
      otherDuration: null,
      secondOpinionMissing: null,
      frames: 120,
      range: "sdr",
      audioCodec: null,
      undecodableSound: [],
      lostCaptions: [],
      damage: null,
    },
    duration: 4,
    frameRate: { numerator: 30, denominator: 1 },
    segments: { first: [30, 30], others: 60 },
    renditions: [
      {
        name: "720p",
        width: 720,
        height: 1280,
        codecs: "avc1.64001f",
        bandwidth: 400_000,
        averageBandwidth: 400_000,
        bytes: 200_000,
        frames: 120,
        playlist: "720p/playlist.m3u8",
      },
    ],
    audio: null,
    captions: [],
    hls: "master.m3u8",
    dash: "manifest.mpd",
    mp4: null,
    posters: [{ path: "posters/1-cc.jpg", width: 720, height: 1280, type: "image/jpeg" }],
    posterTime: 1,
    thumbhash: "ngcKNZhw",
    storyboard: {
      vtt: "storyboard/index.vtt",
      sprite: "storyboard/sprite-dd.jpg",
      tiles: 4,
      tileWidth: 90,
      tileHeight: 160,
      interval: 1,
    },
    preview: {
      path: "preview/preview-ee.webp",
      width: 180,
      height: 320,
      type: "image/webp",
      duration: 3,
    },
    analysis,
    encoder: { name: "libx264", path: "software", fallbacks: [] },
    files: files.map(({ path }) => ({
      path,
      bytes: 100_000,
      sha256: "00".repeat(32),
      contentType: path.endsWith("jpg") ? "image/jpeg" : "video/mp4",
      immutable: path.includes("-"),
    })),
  };
  await writeFile(join(folder, name, "manifest.json"), JSON.stringify(manifest));
}

test("kiln publish: without a network the error says what to start", async () => {
  await writeTranscoded("early");
  const { code, stdout, stderr } = await kiln("publish", "early");
  assert.deepEqual([code, stdout], [1, ""]);
  assert.match(stderr, /^NETWORK_UNKNOWN: no network to publish to: start one with kiln localnet/);
});

test("kiln publish: videos without a moderation result, and banned ones, are not published", async () => {
  await writeTranscoded("unjudged");
  await writeTranscoded("banned", {
    moderation: {
      model: "mobilenet_v2",
      frames: 9,
      explicit: 0.97,
      scores: { drawing: 0, hentai: 0, neutral: 0.03, porn: 0.97, sexy: 0 },
      banScore: 0.8,
      unsafeScore: 0.4,
      verdict: "banned",
    },
    features: {
      embedding: "AAAA",
      brightness: 0.5,
      contrast: 0.1,
      colourfulness: 0.2,
      motion: 0,
      loudness: null,
      truePeak: null,
    },
  });
  const unjudged = await kilnWith({ KILN_MODERATION: "on" }, "publish", "unjudged");
  assert.deepEqual([unjudged.code, unjudged.stdout], [1, ""]);
  assert.match(
    unjudged.stderr,
    /^NOT_MODERATED: .*unjudged was not judged: transcode it again, or .*KILN_MODERATION=off\n$/,
  );
  const banned = await kilnWith({ KILN_MODERATION: "on" }, "publish", "banned");
  assert.deepEqual([banned.code, banned.stdout], [1, ""]);
  assert.match(banned.stderr, /^VIDEO_BANNED: .*explicitness is 0\.97, and 0\.8 is banned/);
});

test("kiln publish: refuses a folder that kiln transcode did not write", async () => {
  const { code, stdout, stderr } = await kiln("publish", "nothing-here");
  assert.deepEqual([code, stdout], [1, ""]);
  assert.match(stderr, /^NO_MANIFEST: .*\n$/);
});

test("kiln publish: the error for an invalid option names the variable, the value and the allowed values", async () => {
  const { code, stderr } = await kiln("publish", "early", "--storage", "abc");
  assert.equal(code, 1);
  assert.match(stderr, /^SETTING_INVALID: KILN_STORAGE_CANISTER="abc" is not allowed: a principal/);
});

test("kiln publish: into the running local network, then again with nothing left to send", async () => {
  const pem = join(folder, "identity.pem");
  const publisher = (await createIdentity(pem)).getPrincipal().toText();
  await writeDeployment(join(home, "localnet", "kiln.json"), {
    host: network.url,
    identity: pem,
    canisters: network.canisters,
  });
  await writeTranscoded("dance");
  const refused = await kiln("publish", "dance");
  assert.equal(refused.code, 1);
  assert.match(refused.stderr, /^UNAUTHORIZED: /);

  await grantRole(network.agent, network.canisters.global_configuration, publisher, "publisher");
  // A refusal is reused for five seconds.
  await network.control.advanceTime(6_000);
  const first = await kiln("publish", "dance", "--json", "--title", "A dance");
  assert.equal(first.code, 0, first.stderr);
  const id = "12".repeat(16);
  const url = `${network.url}/-/${network.canisters.storage}/v/${id}/index.html`;
  const { sentChunks, bandwidth, ...published } = JSON.parse(first.stdout);
  const [{ bucket, bytes, chunks, megabytesPerSecond, chunksInFlight }] = bandwidth;
  assert.deepEqual(
    [bandwidth.length, bucket, bytes, chunks],
    [1, network.canisters.storage, published.sentBytes, sentChunks],
  );
  assert.ok(megabytesPerSecond > 0 && chunksInFlight.most >= chunksInFlight.mean, first.stdout);
  assert.deepEqual([published.id, published.attempt, published.url], [id, 1, url]);
  assert.ok(sentChunks > 0);
  assert.match(await (await fetch(url)).text(), /<title>A dance<\/title>/);

  const again = await kiln("publish", "dance", "--json", "--title", "A dance");
  const { bandwidth: none, ...second } = JSON.parse(again.stdout);
  assert.deepEqual(second, { ...published, sentChunks: 0, sentBytes: 0 });
  assert.deepEqual([none[0].bytes, none[0].megabytesPerSecond, none[0].callsInFlight.most], [0, 0, 0]);
  const third = await kiln("publish", "dance", "--id", "another", "--title", "Another dance");
  assert.equal(third.code, 0, third.stderr);
  assert.match(
    third.stdout,
    /^published another: .*\n.* MB\/s, .* chunks in .* calls in flight\nhttp:.*\/v\/another\/index\.html\n$/,
  );
});

test("kiln publish: refuses a directory without a storage canister", async () => {
  const { agent, modules, canisters } = network;
  const admin = (await agent.getPrincipal()).toText();
  const arg = argumentsOf("global_configuration", canisters, admin);
  const wasm = modules.global_configuration;
  const empty = await installCanister({ agent, wasm, arg, mode: "install" });
  const { code, stdout, stderr } = await kiln("publish", "dance", "--configuration", empty);
  assert.deepEqual([code, stdout], [1, ""]);
  assert.match(stderr, new RegExp(`^CANISTER_UNKNOWN: .*${empty} names no storage canister: kiln deploy`));
});

test("kiln takedown: needs no Redis for videos published by hand; a configured Redis must answer", async () => {
  const nowhere = "redis://127.0.0.1:1";
  const page = (id: string) => fetch(`${network.url}/-/${network.canisters.storage}/v/${id}/master.m3u8`);
  const refused = await kilnWith({ KILN_REDIS_URL: nowhere }, "takedown", "another", "--as", "deleted");
  assert.deepEqual([refused.code, refused.stdout], [1, ""]);
  assert.match(refused.stderr, /^REDIS_UNREACHABLE: /);
  assert.equal((await page("another")).status, 200);

  const only = ["takedown", "another", "--as", "deleted", "--canisters-only"];
  const withdrawn = await kilnWith({ KILN_REDIS_URL: nowhere }, ...only);
  assert.deepEqual([withdrawn.code, withdrawn.stdout, withdrawn.stderr], [0, "another Deleted\n", ""]);
  assert.equal((await page("another")).status, 410);

  const id = "12".repeat(16);
  const unnamed = await kiln("takedown", id, "--as", "reported");
  assert.deepEqual([unnamed.code, unnamed.stdout], [0, `${id} BannedDueToUserReporting\n`], unnamed.stderr);
  assert.equal((await page(id)).status, 410);
  const again = await kiln("publish", "dance", "--title", "A dance");
  assert.deepEqual([again.code, again.stdout], [1, ""]);
  assert.match(again.stderr, /^VIDEO_TAKEN_DOWN: /);
});

test("kiln publish: refuses an id that cannot be part of a URL", async () => {
  const { code, stderr } = await kiln("publish", "dance", "--id", "a b");
  assert.equal(code, 1);
  assert.match(stderr, /^PUBLICATION_INVALID: the video cannot be published: id: 1 to 64 letters/);
});
