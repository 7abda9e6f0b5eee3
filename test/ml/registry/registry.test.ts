import assert from "node:assert/strict";
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, test } from "node:test";
import {
  activate,
  activationFile,
  previousVersion,
  readActivation,
} from "../../../src/ml/registry/activation.ts";
import { garbage } from "../../../src/ml/registry/garbage.ts";
import {
  listVersions,
  type Registry,
  readVersion,
  register,
  removeLeftovers,
  removeVersion,
  verifyVersion,
} from "../../../src/ml/registry/registry.ts";
import { facts, writeDraft } from "./facts.ts";

let folder: string;
let registry: Registry;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "kiln-registry-"));
  registry = { folder: join(folder, "models") };
});
afterEach(() => rm(folder, { recursive: true }));

const noon = Date.UTC(2026, 10, 21, 12);
const draft = (content: string) => writeDraft(join(folder, `draft-${content}`), content);
const add = async (content: string, changes = {}, now = noon) =>
  await register(registry, await draft(content), facts(changes), now);

test("register: the version is named by its time and content, and says what it holds", async () => {
  const manifest = await add("one");
  assert.match(manifest.version, /^20261121T120000Z-[0-9a-f]{8}$/);
  const { schema, version, createdAt, files, ...rest } = manifest;
  assert.deepEqual([schema, createdAt, rest], [1, "2026-11-21T12:00:00.000Z", facts()]);
  assert.deepEqual(
    files.map(({ path, bytes }) => [path, bytes]),
    [
      ["images/loss.png", 3],
      ["weights.safetensors", 3],
    ],
  );
  assert.deepEqual(await verifyVersion(registry, version), manifest);
  assert.deepEqual(await readdir(registry.folder), [version]);
  const later = await add("two", {}, noon + 1000);
  assert.deepEqual(await listVersions(registry), [manifest, later]);
});

test("register: a draft without files is refused, and nothing is left", async () => {
  await mkdir(join(folder, "empty"));
  await assert.rejects(register(registry, join(folder, "empty"), facts(), noon), { code: "DRAFT_EMPTY" });
  await assert.rejects(register(registry, join(folder, "nowhere"), facts(), noon), { code: "ENOENT" });
  assert.deepEqual(await readdir(registry.folder), []);
});

test("a registry that is not there is empty; names that are no versions are unknown", async () => {
  assert.deepEqual(await listVersions(registry), []);
  assert.equal(await readActivation(registry), undefined);
  for (const name of ["20261121T120000Z-00000000", "..", "active.json"])
    await assert.rejects(readVersion(registry, name), { code: "VERSION_UNKNOWN" });
});

test("a file that has changed, is gone, or a damaged manifest: the active version stays", async () => {
  const good = await add("good");
  const bad = await add("bad", {}, noon + 1000);
  await activate(registry, good.version, { by: "promote", objections: [], now: noon });
  const before = await readActivation(registry);
  const promote = () => activate(registry, bad.version, { by: "promote", objections: [], now: noon });

  await writeFile(join(registry.folder, bad.version, "weights.safetensors"), "bat");
  await assert.rejects(promote(), { code: "VERSION_DAMAGED", message: /weights\.safetensors is not what/ });
  await rm(join(registry.folder, bad.version, "weights.safetensors"));
  await assert.rejects(promote(), { code: "VERSION_DAMAGED" });
  await writeFile(join(registry.folder, bad.version, "manifest.json"), "{");
  await assert.rejects(promote(), { code: "VERSION_INVALID" });
  assert.deepEqual(await readActivation(registry), before);
});

test("activation: a history of what served; a damaged pointer is told, and mended by the next activation", async () => {
  const one = await add("one");
  await activate(registry, one.version, { by: "promote", objections: ["99 cases"], now: noon });
  const expected = {
    active: one.version,
    history: [
      { version: one.version, at: "2026-11-21T12:00:00.000Z", by: "promote", objections: ["99 cases"] },
    ],
  };
  assert.deepEqual(await readActivation(registry), expected);
  assert.deepEqual(JSON.parse(await readFile(activationFile(registry), "utf8")), expected);
  await writeFile(activationFile(registry), "half");
  await assert.rejects(readActivation(registry), { code: "ACTIVATION_INVALID" });
  await activate(registry, one.version, { by: "promote", objections: [], now: noon });
  assert.equal((await readActivation(registry))?.active, one.version);
});

const name = (letter: string) => `20261121T120000Z-0000000${letter}`;
const history = (...steps: string[]) => ({
  active: name(steps.at(-1)!.at(-1)!),
  history: steps.map((step) => ({
    version: name(step.at(-1)!),
    at: "2026-11-21T12:00:00.000Z",
    by: step.startsWith("<") ? ("rollback" as const) : ("promote" as const),
    objections: [],
  })),
});
const rollbacks: [string[], string][] = [
  [["a", "b"], "b to a"],
  [["a", "b", "b"], "b to a"],
  [["a", "b", "a"], "a to b"],
  [["a", "b", "c", "<b"], "b to a"],
  [["a", "b", "c", "<b", "d"], "d to b"],
];
for (const [steps, expected] of rollbacks)
  test(`rollback after ${steps.join(" ")}: from ${expected}`, () => {
    const activation = history(...steps);
    assert.equal(previousVersion(activation), name(expected.at(-1)!));
  });

test("rollback: nothing has served before", () => {
  for (const activation of [undefined, history("a"), history("a", "b", "<a")])
    assert.throws(() => previousVersion(activation), { code: "NOTHING_TO_ROLL_BACK" });
});

test("garbage: old versions go; those in use, the newest, and the parents of both stay", () => {
  const parents = { a: null, b: "a", c: null, d: "b", e: null, f: "e" };
  const versions = Object.entries(parents).map(([version, parent]) => ({ version, parent }));
  assert.deepEqual(garbage(versions, [], 1), ["a", "b", "c", "d"]);
  assert.deepEqual(garbage(versions, ["d"], 1), ["c"]);
  assert.deepEqual(garbage(versions, ["c"], 0), ["a", "b", "d", "e", "f"]);
  assert.deepEqual(garbage(versions, [], 9), []);
});

test("removing a version, and what crashes have left once it is old", async () => {
  const { version } = await add("one");
  await removeVersion(registry, version);
  await mkdir(join(registry.folder, ".incoming-1"));
  assert.deepEqual(await removeLeftovers(registry, 0), []);
  assert.deepEqual(await removeLeftovers(registry, Date.now() + 60_000), [".incoming-1"]);
  assert.deepEqual(await readdir(registry.folder), []);
});
