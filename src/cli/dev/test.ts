import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, globSync, statSync } from "node:fs";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { availableParallelism, tmpdir } from "node:os";
import { join, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import type { Command } from "commander";
import { z } from "zod";

import { TypedError } from "../../base/typed-error.ts";
import { fastTests } from "./fast-tests.ts";
import { Line } from "./test-reporter.ts";

const root = fileURLToPath(new URL("../../..", import.meta.url));
const suites = ["test/**/*.test.ts", "localnet/test/**/*.test.ts"];

/** test/allowed-skips.json: the tests that CI may skip, each with its reason. */
const AllowedSkips = z.record(z.string(), z.string().min(1));

export default function test(command: Command): void {
  command
    .argument("[files...]", "test files, folders or globs; all tests when none is named")
    .option("--only <pattern>", "run the tests whose name matches this pattern")
    .option("--fast", "leave out what needs a network, Redis, a browser, other processes or an encode")
    .action(async (named: string[], options: { only?: string; fast?: true }) => {
      const cwd = named.length > 0 ? process.cwd() : root;
      const patterns = named.length > 0 ? named.map(testsIn) : suites;
      const files = options.fast ? await onlyFast(patterns, cwd) : patterns;
      const scratch = await mkdtemp(join(tmpdir(), "kiln-test-"));
      const report = join(scratch, "report");
      const runner = spawn(
        process.execPath,
        [
          "--test",
          `--test-concurrency=${availableParallelism()}`,
          "--test-timeout=600000",
          "--test-reporter=spec",
          "--test-reporter-destination=stdout",
          `--test-reporter=${join(import.meta.dirname, "test-reporter.ts")}`,
          `--test-reporter-destination=${report}`,
          ...(options.only ? [`--test-name-pattern=${options.only}`] : []),
          ...files,
        ],
        { cwd, stdio: "inherit", env: { ...process.env } },
      );
      const [status] = await once(runner, "exit");
      const code = status ?? 1;
      const lines = existsSync(report) ? await readReport(report) : [];
      // In CI the runner's own closing lines stay the last ones.
      if (!process.env.CI) printSlowest(lines);
      await rm(scratch, { recursive: true, force: true });
      process.exitCode = code === 0 && process.env.CI ? await unexplained(lines) : code;
    });
}

const readReport = async (path: string): Promise<Line[]> =>
  (await readFile(path, "utf8"))
    .split("\n")
    .filter(Boolean)
    .map((line) => Line.parse(JSON.parse(line)));

function printSlowest(lines: readonly Line[]): void {
  const files = lines.filter((line) => "file" in line);
  if (files.length < 2) return;
  console.error("the slowest files:");
  for (const { file, seconds } of files.toSorted((one, other) => other.seconds - one.seconds).slice(0, 10))
    console.error(`${seconds.toFixed(1).padStart(8)} s  ${relative(process.cwd(), file)}`);
}

/** @throws TypedError NO_FAST_TESTS */
async function onlyFast(patterns: readonly string[], cwd: string): Promise<string[]> {
  const files = globSync(patterns, { cwd }).map((file) => resolve(cwd, file));
  const fast = await fastTests(files, root.replace(/\/$/, ""));
  console.error(`${fast.length} fast test files; ${files.length - fast.length} others are left out`);
  if (fast.length === 0)
    throw new TypedError("NO_FAST_TESTS", "none of these tests is fast: leave --fast out");
  return fast;
}

/** Node's runner takes files and globs: a folder becomes a glob of its test files. */
const testsIn = (path: string): string =>
  statSync(path, { throwIfNoEntry: false })?.isDirectory() ? join(path, "**/*.test.ts") : path;

/** In CI a skipped test is a failure unless the list gives its reason. */
async function unexplained(lines: readonly Line[]): Promise<number> {
  const allowed = AllowedSkips.parse(
    JSON.parse(await readFile(join(root, "test/allowed-skips.json"), "utf8")),
  );
  const skipped = lines.filter((line) => "skipped" in line).map((line) => line.skipped);
  const unexpected = skipped.filter((name) => !(name in allowed));
  for (const name of unexpected)
    console.error(`skipped in CI without a reason in test/allowed-skips.json: ${name}`);
  return unexpected.length === 0 ? 0 : 1;
}
