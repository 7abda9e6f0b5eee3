import assert from "node:assert/strict";
import { mkdir, readdir, utimes, writeFile } from "node:fs/promises";
import { hostname } from "node:os";
import { join } from "node:path";
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

test("what nobody will use is swept: drafts of the dead, and what is older than a week", async () => {
  const week = 7 * 24 * 3600;
  await using living = await draft(folder);
  for (const name of [`.${hostname()}.4194304.abcdef`, ".elsewhere.1.abcdef", "old", "new"])
    await mkdir(join(folder, name));
  const now = Date.now() / 1000;
  await utimes(join(folder, "old"), now, now - week - 1);
  await sweep(folder);
  const left = await readdir(folder);
  assert.deepEqual(
    left.toSorted(),
    ["abc", "new", ".elsewhere.1.abcdef", living.path.slice(folder.length + 1)].toSorted(),
  );
});
