import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readdirSync } from "node:fs";
import { basename } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../../", import.meta.url));

/** Through the launcher, as a user does. */
function kiln(...args: string[]) {
  const { status, stdout, stderr } = spawnSync(`${root}kiln`, args, { encoding: "utf8" });
  return { status, stdout, stderr };
}

test("--help lists every command with one line", () => {
  const { status, stdout } = kiln("--help");
  assert.equal(status, 0);
  for (const name of [
    "demo",
    "transcode",
    "publish",
    "worker",
    "enqueue",
    "localnet",
    "doctor",
    "bench",
    "test",
  ])
    assert.match(stdout, new RegExp(`^  ${name} .*\\w`, "m"));
});

test("a wrong command gets a hint and exit code 2", () => {
  const { status, stdout, stderr } = kiln("transcod", "a.mp4");
  assert.equal(status, 2);
  assert.equal(stdout, "");
  assert.match(stderr, /Did you mean transcode\?/);
});

test("a wrong option, a missing argument and no command at all exit with 2", () => {
  const nobody = ["recycle nobody", "snapshot nobody", "restore --canister nobody", "drill --user nobody"];
  const lines = ["doctor --jsn", "transcode", "publish", ...nobody.map((line) => `canisters ${line}`)];
  for (const args of [...lines.map((line) => line.split(" ")), []]) {
    const { status, stderr } = kiln(...args);
    assert.equal(status, 2, args.join(" "));
    assert.match(stderr, /--help/);
    assert.doesNotMatch(stderr, /^\s+at /m);
  }
});

test("a reader that leaves early is no failure", () => {
  const { status, stderr } = spawnSync("bash", ["-o", "pipefail", "-c", `"${root}kiln" --help | true`], {
    encoding: "utf8",
  });
  assert.deepEqual({ status, stderr }, { status: 0, stderr: "" });
});

test("every command's own help, and that of the commands below it, says what it takes", () => {
  const below = (...above: string[]): void => {
    const { status, stdout, stderr } = kiln(...above, "--help");
    assert.deepEqual({ status, stderr }, { status: 0, stderr: "" }, above.join(" "));
    assert.match(stdout, /^(Options|Arguments):/m, above.join(" "));
    const [, list = ""] = stdout.split("\nCommands:\n");
    for (const [, name] of list.matchAll(/^ {2}([a-z][a-z-]*)/gm))
      if (name !== "help") below(...above, name!);
  };
  below();
});

test("a wrong setting names the variable, the value and what is allowed", () => {
  const { status, stderr } = spawnSync(`${root}kiln`, ["worker"], {
    encoding: "utf8",
    env: { ...process.env, KILN_CPU_SLOTS: "many" },
  });
  assert.equal(status, 1);
  assert.match(stderr, /SETTING_INVALID: KILN_CPU_SLOTS="many" is not allowed: .*number/);
});

test("doctor --json says of everything what it found, and what to do where something lacks", () => {
  const { stdout } = kiln("doctor", "--json");
  const { findings } = JSON.parse(stdout) as { findings: Record<string, string>[] };
  const names = findings.map(({ what }) => what);
  for (const what of [
    "Node.js",
    "ffmpeg",
    "encoder libx264",
    "redis-server",
    "memory",
    "disk",
    "engine tensorflow",
    "engine wasm",
  ])
    assert.ok(names.includes(what), what);
  for (const { state, advice } of findings) assert.equal(state !== "good", Boolean(advice));
});

test("every command is a file in one of the wings of src/cli", () => {
  const files = readdirSync(`${root}src/cli`, { recursive: true }).map((file) => basename(String(file)));
  const { stdout } = kiln("--help");
  const listed = [...stdout.matchAll(/^ {2}([a-z]+) {2,}/gm)].map(([, name]) => name!);
  assert.ok(listed.length >= 10);
  for (const name of listed) assert.ok(files.includes(`${name}.ts`), name);
});

test("withdraw is still understood as takedown, unlisted", () => {
  assert.doesNotMatch(kiln("--help").stdout, /^ {2}withdraw/m);
  assert.match(kiln("withdraw", "--help").stdout, /Usage: \.\/kiln withdraw .*\n\n.*take down/s);
});

test("an option that an action refuses is named, with exit code 2", () => {
  const { status, stderr } = kiln("train", "--cut", "7", "--out", "/nonexistent/model");
  assert.equal(status, 2);
  assert.match(stderr, /^error: cut: it must be less than 1$/m);
});

test("a setting that does not exist gets a warning, and the command goes on", () => {
  const env = { PATH: process.env.PATH, KILN_LADER: "240" };
  const { status, stderr } = spawnSync(`${root}kiln`, ["engine", "--help"], { encoding: "utf8", env });
  assert.equal(status, 0);
  assert.match(stderr, /^warning: there is no setting KILN_LADER: did you mean KILN_LADDER\?$/m);
});
