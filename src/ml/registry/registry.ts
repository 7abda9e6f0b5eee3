import { createHash, randomUUID } from "node:crypto";
import { existsSync } from "node:fs";
import { cp, mkdir, readdir, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { join, relative, sep } from "node:path";
import { synced, syncedWrite } from "../../base/synced-write.ts";
import { TypedError } from "../../base/typed-error.ts";
import { type VersionFacts, VersionManifest, VersionName, versionManifestName } from "./version-manifest.ts";

/** A folder of model versions, each a folder of its own that never changes once it is there. */
export type Registry = { folder: string };

export const versionFolder = ({ folder }: Registry, version: string): string => join(folder, version);

/**
 * Registers a finished model: its files are copied beside the versions, synced, and appear in one step. The draft is
 * left unchanged.
 * @param draft the folder that training left
 * @param now milliseconds since 1970
 * @throws TypedError DRAFT_EMPTY, REGISTRY_FULL
 */
export async function register(
  registry: Registry,
  draft: string,
  facts: VersionFacts,
  now: number,
): Promise<VersionManifest> {
  await mkdir(registry.folder, { recursive: true });
  const aside = join(registry.folder, `.incoming-${randomUUID()}`);
  try {
    await cp(draft, aside, { recursive: true });
    const files = await filesOf(aside);
    if (files.length === 0)
      throw new TypedError("DRAFT_EMPTY", `${draft} holds no model: train one with kiln train`);
    const createdAt = new Date(now).toISOString();
    const content = createHash("sha256")
      .update(JSON.stringify({ ...facts, createdAt, files }))
      .digest("hex");
    const version = `${createdAt.replace(/[-:]|\.\d+/g, "")}-${content.slice(0, 8)}`;
    const manifest = VersionManifest.parse({ schema: 1, version, createdAt, ...facts, files });
    await syncedWrite(join(aside, versionManifestName), `${JSON.stringify(manifest, null, 2)}\n`);
    await rename(aside, versionFolder(registry, version));
    await synced(registry.folder);
    return manifest;
  } catch (error) {
    await rm(aside, { recursive: true, force: true });
    if ((error as NodeJS.ErrnoException).code === "ENOSPC")
      throw new TypedError(
        "REGISTRY_FULL",
        `there is no space left in ${registry.folder}: run kiln models gc`,
        { cause: error },
      );
    throw error;
  }
}

/** All versions, oldest first. */
export async function listVersions(registry: Registry): Promise<VersionManifest[]> {
  const names = await readdir(registry.folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return [];
    throw error;
  });
  const versions = names.filter((name) => VersionName.safeParse(name).success).toSorted();
  return await Promise.all(versions.map((version) => readVersion(registry, version)));
}

/** @throws TypedError VERSION_UNKNOWN, VERSION_INVALID */
export async function readVersion(registry: Registry, version: string): Promise<VersionManifest> {
  const folder = versionFolder(registry, version);
  if (!VersionName.safeParse(version).success || !existsSync(folder))
    throw new TypedError(
      "VERSION_UNKNOWN",
      `there is no version ${version} in ${registry.folder}: kiln models list names them`,
    );
  try {
    return VersionManifest.parse(JSON.parse(await readFile(join(folder, versionManifestName), "utf8")));
  } catch (cause) {
    throw new TypedError(
      "VERSION_INVALID",
      `${folder}/${versionManifestName} is damaged: remove that folder`,
      {
        cause,
      },
    );
  }
}

/**
 * The manifest of a version whose files are what was registered, by SHA-256.
 * @throws TypedError VERSION_UNKNOWN, VERSION_INVALID, VERSION_DAMAGED
 */
export async function verifyVersion(registry: Registry, version: string): Promise<VersionManifest> {
  const manifest = await readVersion(registry, version);
  for (const { path, sha256 } of manifest.files) {
    const file = join(versionFolder(registry, version), path);
    const content = await readFile(file).catch(() => undefined);
    if (content === undefined || digest(content) !== sha256)
      throw new TypedError(
        "VERSION_DAMAGED",
        `${file} is not what was registered: kiln models rollback goes back to another version`,
      );
  }
  return manifest;
}

/** Removes a version for good. */
export async function removeVersion(registry: Registry, version: string): Promise<void> {
  // A name that counts as no version: a crash half-way leaves no damaged one behind.
  const gone = join(registry.folder, `.removed-${randomUUID()}`);
  await rename(versionFolder(registry, version), gone);
  await rm(gone, { recursive: true });
}

/** Removes what crashes have left, once it is too old to be in use. */
export async function removeLeftovers({ folder }: Registry, olderThan: number): Promise<string[]> {
  const names = (await readdir(folder)).filter((name) => /^\.(incoming|removed)-/.test(name));
  const old: string[] = [];
  for (const name of names) if ((await stat(join(folder, name))).mtimeMs < olderThan) old.push(name);
  for (const name of old) await rm(join(folder, name), { recursive: true, force: true });
  return old;
}

async function filesOf(folder: string): Promise<VersionManifest["files"]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const paths = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  const files = paths.map(async (path) => {
    const content = await readFile(path);
    await writeFile(path, content, { flush: true });
    const name = relative(folder, path).split(sep).join("/");
    return { path: name, bytes: content.byteLength, sha256: digest(content) };
  });
  return (await Promise.all(files)).toSorted((one, other) => (one.path < other.path ? -1 : 1));
}

const digest = (content: Uint8Array) => createHash("sha256").update(content).digest("hex");
