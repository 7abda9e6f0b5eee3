import { readFile } from "node:fs/promises";
import { dirname, isAbsolute, join, relative, resolve, sep } from "node:path";
import { LocalnetError } from "../localnet-error.ts";

/** A Motoko program: its main file and every local file that it imports, from the disk. */
export interface Sources {
  /** The deepest folder that holds all files, absolute. */
  root: string;
  /** Path of the main file below `root`. */
  main: string;
  /** Path below `root` (with `/`) to text, in order of path. */
  files: ReadonlyMap<string, string>;
}

/**
 * Reads a Motoko file and, recursively, what it imports by a relative path (`./X`, `../lib/X.mo`, a folder
 * with a `lib.mo`). Packages (`mo:core/...`) are not followed; the compiler reports imports that do not
 * exist.
 * @param main absolute path of a .mo file
 * @throws LocalnetError MOTOKO_NOT_FOUND when the main file cannot be read
 */
export async function readSources(main: string): Promise<Sources> {
  if (!isAbsolute(main)) {
    throw new LocalnetError("MOTOKO_NOT_FOUND", `${main} must be the absolute path of a Motoko file`);
  }
  const text = await readIfThere(main);
  if (text === undefined) {
    throw new LocalnetError("MOTOKO_NOT_FOUND", `${main} cannot be read: name a Motoko file that exists`);
  }
  const found = new Map([[main, text]]);
  for (const [path, source] of found) {
    for (const name of localImports(source)) {
      for (const candidate of candidates(resolve(dirname(path), name))) {
        if (found.has(candidate)) break;
        const imported = await readIfThere(candidate);
        if (imported === undefined) continue;
        found.set(candidate, imported);
        break;
      }
    }
  }
  const root = commonFolder([...found.keys()]);
  const below = (path: string) => relative(root, path).split(sep).join("/");
  const files = [...found].map(([path, source]) => [below(path), source] as const);
  return { root, main: below(main), files: new Map(files.sort(([a], [b]) => (a < b ? -1 : 1))) };
}

/**
 * Imports that name no package (`mo:`), canister or interface, as written. One inside a comment counts too:
 * reading an extra file does no harm.
 */
function localImports(source: string): string[] {
  const names = [...source.matchAll(/\bimport\s+[^";]*"([^":]+)"/g)];
  return names.map((match) => match[1]!);
}

/** Where the compiler looks for an import: the file itself, with `.mo`, or a folder's `lib.mo`. */
function candidates(path: string): string[] {
  return path.endsWith(".mo") ? [path] : [`${path}.mo`, join(path, "lib.mo")];
}

async function readIfThere(path: string): Promise<string | undefined> {
  return readFile(path, "utf8").catch(() => undefined);
}

function commonFolder(paths: string[]): string {
  const [first = "/", ...rest] = paths.map(dirname);
  return rest.reduce((common, folder) => {
    let shared = common;
    while (relative(shared, folder).startsWith("..")) shared = dirname(shared);
    return shared;
  }, first);
}
