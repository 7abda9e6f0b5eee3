import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { Command } from "commander";
import { commands } from "../../src/cli/commands.ts";
import { main } from "./kiln.ts";

let folder: string;
before(async () => {
  folder = await mkdtemp(join(tmpdir(), "kiln-json-errors-"));
  await mkdir(join(folder, "damaged", "20260101T000000Z-0a1b2c3d"), { recursive: true });
  await writeFile(join(folder, "file"), "");
});
after(() => rm(folder, { recursive: true }));

const damaged = { KILN_MODELS: "damaged" };
const noRedis = { KILN_REDIS_URL: "redis://127.0.0.1:1" };

/** For each command with --json: words that make it fail at once, the code, and settings. */
const cases: Readonly<Record<string, [words: string, code: string, settings?: Record<string, string>]>> = {
  demo: ["demo clip.mp4 --once", "REDIS_MISSING", { PATH: "" }],
  transcode: ["transcode clip.mp4 --out out", "SETTING_INVALID", { KILN_LADDER: "one" }],
  probe: ["probe clip.mp4", "SETTING_INVALID", { KILN_LADDER: "one" }],
  publish: ["publish nothing-here", "NO_MANIFEST"],
  moderate: ["moderate", "REDIS_UNREACHABLE", noRedis],
  "videos list": ["videos list", "REDIS_UNREACHABLE", noRedis],
  "videos show": ["videos show 0123456789abcdef0123456789abcdef", "REDIS_UNREACHABLE", noRedis],
  "videos retry": ["videos retry --failed", "REDIS_UNREACHABLE", noRedis],
  status: ["status", "REDIS_UNREACHABLE", noRedis],
  "workers list": ["workers list", "REDIS_UNREACHABLE", noRedis],
  "queues list": ["queues list", "REDIS_UNREACHABLE", noRedis],
  "queues pause": ["queues pause", "REDIS_UNREACHABLE", noRedis],
  "queues resume": ["queues resume train", "REDIS_UNREACHABLE", noRedis],
  enqueue: ["enqueue clip.mp4", "REDIS_UNREACHABLE", noRedis],
  "events validate": ["events validate no.csv", "FILE_NOT_FOUND"],
  "events import": ["events import no.csv", "FILE_NOT_FOUND"],
  "events export": ["events export out.csv", "LAKE_EMPTY"],
  "events simulate": ["events simulate --lake file/lake", "UNEXPECTED"],
  "events compact": ["events compact", "REDIS_UNREACHABLE", noRedis],
  "events forget": ["events forget ann", "REDIS_UNREACHABLE", noRedis],
  "events sync": ["events sync", "NETWORK_UNKNOWN"],
  evaluate: ["evaluate --interactions no.csv", "FILE_NOT_FOUND"],
  features: ["features", "OUT_NOT_GIVEN"],
  train: ["train --queue", "REDIS_UNREACHABLE", noRedis],
  "engine list": ["engine list", "SETTING_INVALID", { KILN_ENGINE: "steam" }],
  push: ["push", "NO_ACTIVE_VERSION"],
  "models list": ["models list", "VERSION_INVALID", damaged],
  "models register": ["models register no-draft", "MODEL_NOT_FOUND"],
  "models show": ["models show 1", "VERSION_UNKNOWN"],
  "models compare": ["models compare 1 2", "VERSION_UNKNOWN"],
  "models promote": ["models promote 1", "VERSION_UNKNOWN"],
  "models rollback": ["models rollback", "NOTHING_TO_ROLL_BACK"],
  "models gc": ["models gc", "VERSION_INVALID", damaged],
};

test("every command with --json is listed here", async () => {
  const names: string[] = [];
  for (const [name, { load }] of Object.entries(commands)) {
    const command = new Command(name);
    (await load()).default(command);
    // What the doctor finds wrong is its result.
    for (const each of [command, ...command.commands])
      if (name !== "doctor" && each.options.some(({ long }) => long === "--json"))
        names.push(each === command ? name : `${name} ${each.name()}`);
  }
  assert.deepEqual(names.sort(), Object.keys(cases).sort());
});

for (const [name, [words, code, settings]] of Object.entries(cases))
  test(`${name} --json: an error is one JSON document`, async () => {
    const ran = await run([...words.split(" "), "--json"], settings);
    assert.equal(ran.code, 1);
    assert.doesNotMatch(ran.stderr, new RegExp(code));
    const { error, ...others } = JSON.parse(ran.stdout);
    assert.deepEqual([error.code, others], [code, {}], error.message);
    assert.ok(error.message.length > 0);
  });

function run(args: string[], settings = {}): Promise<{ code: number; stdout: string; stderr: string }> {
  return new Promise((resolve) => {
    const env = { PATH: process.env.PATH, KILN_HOME: folder, ...settings };
    execFile(process.execPath, [main, ...args], { cwd: folder, env }, (error, stdout, stderr) =>
      resolve({ code: error ? Number(error.code) : 0, stdout, stderr }),
    );
  });
}
