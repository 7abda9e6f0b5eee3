import assert from "node:assert/strict";
import { mkdir, readdir, utimes, writeFile } from "node:fs/promises";
import { hostname } from "node:os";
import { basename, join } from "node:path";
import { test } from "node:test";
import {
  draft,
  finishedPart,
  keepPart,
  partFolder,
  sweep,
} from "../../../src/transcode/encode/checkpoints.ts";
import { scratch } from "../clip.ts";

const folder = join(await scratch(), "parts");
const report = { frames: 60, decoded: 61, concealed: 0 };

test("a part is there whole, with its report, or not at all; who comes second keeps the first", async () => {
  const place = partFolder(folder, "abc");
  assert.equal(await finishedPart(place), null);
  for (const content of ["one", "two"]) {
    await using made = await draft(folder);
    await writeFile(join(made.path, "240p.mp4"), content);
    await keepPart(made.path, place, report);
    assert.deepEqual(await finishedPart(place), report);
  }
  assert.deepEqual(await readdir(folder), ["abc"]);
});

test("a damaged report is no part", async () => {
  const place = partFolder(folder, "damaged");
  await mkdir(place);
  await writeFile(join(place, "report.json"), "{}");
  assert.equal(await finishedPart(place), null);
  assert.equal((await readdir(folder)).includes("damaged"), false);
});

test("sweeping removes the drafts of dead processes of this host, and whatever is older than seven days", async () => {
  const day = 24 * 3600;
  await using living = await draft(folder);
  const elsewhere = `.elsewhere.${process.pid}.abcdef`;
  for (const name of [
    `.${hostname()}.4194304.abcdef`,
    ".elsewhere.4194304.abcdef",
    elsewhere,
    "old",
    "kept",
    "new",
  ])
    await mkdir(join(folder, name));
  const now = Date.now() / 1000;
  await utimes(join(folder, "old"), now, now - 7 * day - 60);
  await utimes(join(folder, "kept"), now, now - 7 * day + 60);
  await sweep(folder, now * 1000);
  assert.deepEqual(
    (await readdir(folder)).toSorted(),
    ["abc", "new", "kept", ".elsewhere.4194304.abcdef", elsewhere, basename(living.path)].toSorted(),
  );
});
