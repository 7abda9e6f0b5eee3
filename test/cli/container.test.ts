import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { globSync } from "node:fs";
import { chmod, cp, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../..", import.meta.url));
const folder = await mkdtemp(join(tmpdir(), "kiln-container-"));
after(() => rm(folder, { recursive: true, force: true }));

test("the image copies the manifest of every workspace before npm ci", async () => {
  const { workspaces } = JSON.parse(await readFile(join(root, "package.json"), "utf8"));
  const [before] = (await readFile(join(root, "Dockerfile.gpu"), "utf8")).split("RUN npm ci");
  for (const workspace of globSync(workspaces, { cwd: root }))
    assert.ok(before!.includes(`COPY ${workspace}/package.json ${workspace}/\n`), workspace);
});

const notRoot = process.getuid?.() !== 0 && "only root can hand over a file and become another user";

/**
 * Starts the entrypoint as root or as another user, where /etc/passwd knows the image's user `node` (1234 here) and the
 * program `node` says as whom it runs, with which words, and what it can read of its identity.
 */
async function started(uid: number, secret: { owner: number; mode: number }) {
  await chmod(folder, 0o755);
  await cp(join(root, "container-entrypoint.sh"), join(folder, "entrypoint.sh"));
  await writeFile(
    join(folder, "passwd"),
    "root:x:0:0::/root:/bin/sh\nnode:x:1234:1234::/home/node:/bin/sh\n",
  );
  await writeFile(join(folder, "group"), "root:x:0:\nnode:x:1234:\n");
  await writeFile(
    join(folder, "node"),
    `#!/bin/sh
echo "$(id -u):$(id -g) $HOME $*"
cat "$KILN_IDENTITY" && stat -c '%u %a' "$KILN_IDENTITY"
`,
  );
  await chmod(join(folder, "node"), 0o755);
  const key = join(folder, "secret.pem");
  await rm(key, { force: true });
  await writeFile(key, "a key\n");
  const script = `
    mount --bind ${folder}/passwd /etc/passwd; mount --bind ${folder}/group /etc/group
    mount -t tmpfs tmpfs /dev/shm
    chown ${secret.owner} ${key}; chmod ${secret.mode.toString(8)} ${key}
    exec setpriv --reuid=${uid} --regid=${uid} --clear-groups ${folder}/entrypoint.sh worker --help`;
  const { stdout } = spawnSync("unshare", ["--mount", "sh", "-ec", script], {
    encoding: "utf8",
    env: { PATH: `${folder}:${process.env.PATH}`, HOME: "/root", KILN_IDENTITY: key },
  });
  return stdout.trimEnd().split("\n");
}

for (const [whose, secret] of Object.entries({
  "root's, for root alone": { owner: 0, mode: 0o600 },
  "another user's, for all to read": { owner: 4321, mode: 0o644 },
}))
  test(`the container as root: kiln runs as node and alone can read a secret that is ${whose}`, {
    skip: notRoot,
  }, async () => {
    assert.deepEqual(await started(0, secret), [
      `1234:1234 /home/node ${folder}/src/cli/main.ts worker --help`,
      "a key",
      "1234 400",
    ]);
  });

test("the container as a user of one's own: kiln runs as that one, with the secret as it is", {
  skip: notRoot,
}, async () => {
  const secret = { owner: 4321, mode: 0o600 };
  assert.deepEqual(await started(4321, secret), [
    `4321:4321 /root ${folder}/src/cli/main.ts worker --help`,
    "a key",
    "4321 600",
  ]);
});
