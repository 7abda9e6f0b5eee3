import assert from "node:assert/strict";
import { globSync } from "node:fs";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { fileURLToPath } from "node:url";
import { fastTests, importsOf } from "../../../src/cli/dev/fast-tests.ts";

const root = fileURLToPath(new URL("../../../", import.meta.url)).replace(/\/$/, "");

test("fast tests: pure ones are, those that start something are not, also through a file beside them", async () => {
  const files = globSync(["test/**/*.test.ts", "localnet/test/**/*.test.ts"], { cwd: root });
  const fast = new Set(
    (
      await fastTests(
        files.map((file) => `${root}/${file}`),
        root,
      )
    ).map((file) => file.slice(root.length + 1)),
  );
  for (const file of ["test/transcode/plan/ladder.test.ts", "test/feed/selection/select.test.ts"])
    assert.ok(fast.has(file), file);
  for (const file of [
    "test/transcode/transcode.test.ts",
    "test/api/api.test.ts",
    "test/canisters/bindings.test.ts",
    "test/canisters/user.test.ts",
    "test/cli/main.test.ts",
    "test/players/players.test.ts",
    "test/workers/tasks/run-task.test.ts",
    "test/workers/worker.test.ts",
    "localnet/test/replica/calls.test.ts",
  ]) {
    assert.ok(files.includes(file), file);
    assert.ok(!fast.has(file), file);
  }
});

test("fast tests: what a file reaches over others counts, also where they import each other", async () => {
  const folder = await mkdtemp(join(tmpdir(), "kiln-fast-"));
  after(() => rm(folder, { recursive: true }));
  await mkdir(join(folder, "test"));
  const write = (name: string, text: string) => writeFile(join(folder, "test", name), text);
  await write("pure.test.ts", 'import "./one.ts";');
  await write("one.ts", 'import "./two.ts";');
  await write("two.ts", 'import "./one.ts";');
  await write("slow.test.ts", 'import "./three.ts";');
  await write("three.ts", 'import "./one.ts";\nimport "./four.ts";');
  await write("four.ts", 'import "node:child_process";');
  const files = ["pure", "slow"].map((name) => join(folder, `test/${name}.test.ts`));
  assert.deepEqual(await fastTests(files, folder), [files[0]]);
});

test("imports: over lines, dynamic ones, addresses; types are left out", () => {
  const source = `import type { A } from "./a.ts";
import { b } from "./b.ts";
import {
  c,
} from "../c.ts";
import "node:child_process";
const d = await import("./d.ts");
const e = new URL("./e.ts", import.meta.url);
`;
  assert.deepEqual(importsOf(source, "test/x/y.test.ts"), [
    ...["test/x/b.ts", "test/c.ts", "node:child_process", "test/x/d.ts", "test/x/e.ts"],
  ]);
});
