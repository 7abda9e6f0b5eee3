import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import type { Command } from "commander";

const root = fileURLToPath(new URL("../../..", import.meta.url));

/** Each is a JavaScript program in node_modules, run by this same Node.js. */
const checks: readonly [name: string, program: string, ...args: string[]][] = [
  ["types", "typescript/bin/tsc", "--noEmit"],
  ["types of the player page", "typescript/bin/tsc", "--noEmit", "-p", "web/player"],
  [
    "types of the page that players are tested in",
    "typescript/bin/tsc",
    "--noEmit",
    "-p",
    "test/players/page",
  ],
  ["lint and format", "@biomejs/biome/bin/biome", "check", "--error-on-warnings", "."],
  [
    "rules of import",
    "dependency-cruiser/bin/dependency-cruiser.mjs",
    "--config",
    ".dependency-cruiser.mjs",
    "src",
    "packages",
    "canisters",
    "localnet/src",
    "bench",
    "test",
  ],
];

export default function check(command: Command): void {
  command.action(() => {
    const failed = checks.filter(([name, program, ...args]) => {
      console.error(`-- ${name}`);
      const { status } = spawnSync(process.execPath, [`${root}/node_modules/${program}`, ...args], {
        cwd: root,
        stdio: "inherit",
      });
      return status !== 0;
    });
    if (failed.length === 0) return;
    console.error(`failed: ${failed.map(([name]) => name).join(", ")}`);
    process.exitCode = 1;
  });
}
