import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import type { Command } from "commander";

const root = fileURLToPath(new URL("../../..", import.meta.url));

/** Each is a JavaScript program in node_modules, run by this same Node.js. */
const checks: readonly [name: string, program: string, ...args: string[]][] = [
  // What it found is kept, so that the next run only checks what has changed since.
  ["types", "typescript/bin/tsc", "--incremental", "--tsBuildInfoFile", ".runtime/types.tsbuildinfo"],
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
  command
    .option(
      "--fix",
      "first fix format, order of imports and safe lint findings, and write the generated pages",
    )
    .action(async ({ fix }: { fix?: true }) => {
      const { stalePages, writeGeneratedPages } = await import("./generated-pages.ts");
      if (fix) {
        runProgram(["@biomejs/biome/bin/biome", "check", "--write", "."]);
        await writeGeneratedPages();
      }
      const failed = checks
        .filter(([name, program, ...args]) => {
          console.error(`-- ${name}`);
          return runProgram([program, ...args]) !== 0;
        })
        .map(([name]) => name);
      console.error("-- generated pages");
      for (const page of await stalePages())
        failed.push(`docs/reference/${page} is stale: ./kiln check --fix`);
      if (failed.length === 0) return;
      console.error(`failed: ${failed.join(", ")}`);
      process.exitCode = 1;
    });
}

function runProgram([program, ...args]: readonly string[]): number | null {
  return spawnSync(process.execPath, [`${root}/node_modules/${program}`, ...args], {
    cwd: root,
    stdio: "inherit",
  }).status;
}
