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
  const known = new Map<string, Promise<boolean>>();
  const isSlow = (path: string): Promise<boolean> => {
    const found = known.get(path);
    if (found !== undefined) return found;
    // Two files that import each other end here; the rules of import forbid it anyway.
    known.set(path, Promise.resolve(false));
    const answer = reachesSlow(path);
    known.set(path, answer);
    return answer;
  };
  const reachesSlow = async (path: string): Promise<boolean> => {
    const imported = importsOf(await readFile(`${root}/${path}`, "utf8"), path);
    if (imported.some((name) => slow.some((pattern) => pattern.test(name)))) return true;
    const beside = imported.filter((name) => /^(localnet\/)?test\/.*\.ts$/.test(name));
    return (await Promise.all(beside.map(isSlow))).some(Boolean);
  };
  const judged = await Promise.all(
    files.map(async (file) => ({ file, slow: await isSlow(relative(root, file)) })),
  );
  return judged.filter(({ slow }) => !slow).map(({ file }) => file);
}

/** Modules that a file imports, statically or not, types aside: paths from the root, or names of packages. */
export function importsOf(source: string, path: string): string[] {
  const pattern =
    /(?:^import (?!type\b)(?:[^"]*? from )?|\bimport\(|^export [^"]*? from |new URL\()"([^"]+)"/gm;
  return [...source.matchAll(pattern)].map(([, name]) =>
    name!.startsWith(".") ? normalize(`${dirname(path)}/${name}`) : name!,
  );
}
