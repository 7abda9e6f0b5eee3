import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { chmod, copyFile, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { fileURLToPath } from "node:url";

process.umask(0o022);
const folder = await mkdtemp(join(tmpdir(), "kiln-launcher-"));
after(() => rm(folder, { recursive: true }));
/** A copy, since the folder of this Node.js may be closed to others. */
const bin = join(folder, "bin");
await mkdir(bin);
await copyFile(process.execPath, join(bin, "node"));
await chmod(join(bin, "node"), 0o755);
await chmod(folder, 0o755);
const nobody = 65534;
const notRoot = process.getuid?.() !== 0 && "only root can become another user";

/** A checkout of another user's: the launcher, a lock file, and a program that says it runs. */
async function checkout(name: string, { installed }: { installed: boolean }): Promise<string> {
  const root = join(folder, name);
  for (const part of ["src/cli", "node_modules", ".runtime"])
    await mkdir(join(root, part), { recursive: true });
  await copyFile(fileURLToPath(new URL("../../kiln", import.meta.url)), join(root, "kiln"));
  await writeFile(join(root, "package-lock.json"), "{}");
  await writeFile(join(root, "node_modules/.kiln-lock"), installed ? "{}" : "older");
  await writeFile(
    join(root, "src/cli/main.ts"),
    "console.log(process.argv.slice(2).join(), process.env.KILN_HOME);",
  );
  return join(root, "kiln");
}

const start = (launcher: string, ...args: string[]) =>
  spawnSync(launcher, args, {
    encoding: "utf8",
    cwd: folder,
    uid: nobody,
    gid: nobody,
    env: { PATH: `${bin}:/usr/bin:/bin`, HOME: "/home/someone" },
  });

test("launcher: another user's checkout runs where all is installed, and keeps nothing there", {
  skip: notRoot,
}, async () => {
  const { status, stdout, stderr } = start(
    await checkout("installed", { installed: true }),
    "probe",
    "a.mp4",
  );
  assert.deepEqual([status, stdout, stderr], [0, "probe,a.mp4 /home/someone/.local/state/kiln\n", ""]);
});

test("launcher: where something is missing there, it says what to do", { skip: notRoot }, async () => {
  const { status, stderr } = start(await checkout("missing", { installed: false }), "probe", "a.mp4");
  assert.equal(status, 1);
  assert.match(stderr, /^kiln: cannot write to \S+: clone Kiln into a folder of your own\n$/);
});
