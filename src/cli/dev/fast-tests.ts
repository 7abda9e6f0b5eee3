import { readFile } from "node:fs/promises";
import { dirname, normalize, relative } from "node:path";

/**
 * What makes a test slow or needs more than Node.js: networks, Redis, browsers, other processes, encodes, trainings, the
 * Motoko compiler. Paths from the root of the repository, or names of packages.
 */
const slow = [
  /^@kiln\/localnet$/,
  /^localnet\/src\/(index|serve|worker|remote-control)\.ts$/,
  /^localnet\/src\/motoko\//,
  /^canisters\/(compile|generate-bindings)\.ts$/,
  /^src\/cli\/services\/redis-server\.ts$/,
  /^src\/workers\/tasks\/run-task\.ts$/,
  /^src\/(transcode\/(transcode|prepare|base\/ffmpeg|probe\/probe)|analysis\/analyse)\.ts$/,
  /^src\/ml\/(jobs|training\/networks|engines\/(open-engine|probe-engines|tensorflow))(\/|\.ts$)/,
  /^(playwright-core|bullmq|ioredis|node:child_process|node:worker_threads)$/,
];

/**
 * The test files that reach nothing slow. Followed are the imports of test files, and of files beside them that only tests
 * use; what the product imports in turn does not count, since a pure function may stand beside one that starts ffmpeg.
 * @param files test files, absolute
 * @param root of the repository, absolute
 */
export async function fastTests(files: readonly string[], root: string): Promise<string[]> {
  const read = new Map<string, string[]>();
  const importsAt = async (path: string): Promise<string[]> => {
    // A path that does not exist is inside a string: the type check refuses a real import of it.
    const source = () => readFile(`${root}/${path}`, "utf8").catch(() => "");
    const known = read.get(path) ?? importsOf(await source(), path);
    read.set(path, known);
    return known;
  };
  const fast = [];
  for (const file of files) {
    // Iterating a set includes entries added on the way: each file once, even where files import each other.
    const reached = new Set([relative(root, file)]);
    let isSlow = false;
    for (const path of reached)
      for (const name of await importsAt(path)) {
        if (slow.some((pattern) => pattern.test(name))) isSlow = true;
        else if (/^(localnet\/)?test\/.*\.ts$/.test(name)) reached.add(name);
      }
    if (!isSlow) fast.push(file);
  }
  return fast;
}

/** Modules that a file imports, statically or not, types aside: paths from the root, or names of packages. */
export function importsOf(source: string, path: string): string[] {
  const pattern =
    /(?:^import (?!type\b)(?:[^"]*? from )?|\bimport\(|^export [^"]*? from |new URL\()"([^"]+)"/gm;
  return [...source.matchAll(pattern)].map(([, name]) =>
    name!.startsWith(".") ? normalize(`${dirname(path)}/${name}`) : name!,
  );
}
