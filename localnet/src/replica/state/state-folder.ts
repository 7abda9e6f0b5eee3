import { createHash, randomUUID } from "node:crypto";
import { mkdir, readdir, readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import type { Canister } from "../../canister/canister.ts";
import type { CanisterSnapshot } from "../../canister/canister-snapshot.ts";
import { compileModule } from "../../canister/compiled-module.ts";
import { CanisterLog } from "../../canister/log.ts";
import { type Heap, Program } from "../../canister/program.ts";
import { StableMemory, stablePageSize } from "../../canister/stable-memory.ts";
import { LocalnetError } from "../../localnet-error.ts";
import { dirtyPageSize } from "../../wasm/names.ts";
import { CanisterRegistry } from "../canister-registry.ts";
import { type Durability, DurableWriter } from "./durable-writer.ts";
import { globalValue } from "./globals.ts";
import { type CanisterRecord, manifest, type SnapshotRecord } from "./manifest.ts";
import { mergeable, type PageFile, type Pages, readPageFile, writePageFile } from "./page-file.ts";
import { type Changes, giveBack, type Snapshot, snapshotOf } from "./snapshot.ts";

/** Which files hold a memory, by the memory's identity. */
type Kept = WeakMap<Heap | StableMemory, PageFile[]>;

/**
 * The canisters in a folder. Files are written once and never changed; the manifest, put in place by a rename,
 * names those that count. So whenever the process dies, the folder holds a consistent state.
 *
 *     state.json                 the manifest
 *     files/module-<sha256>      modules as they were sent
 *     files/chunk-<sha256>       chunks of chunk stores
 *     files/pages-<uuid>         pages of a heap (4 KiB) or a stable memory (64 KiB)
 */
export class StateFolder {
  readonly #folder: string;
  readonly #files: string;
  readonly #writer: DurableWriter;
  readonly #kept: Kept = new WeakMap();
  /** Names of the files that are there: only this process writes them. */
  readonly #present = new Set<string>();

  private constructor(folder: string, durability: Durability) {
    this.#folder = folder;
    this.#writer = new DurableWriter(durability);
    this.#files = join(folder, "files");
  }

  /** Removes the files of an incomplete save. @throws LocalnetError STATE_UNREADABLE */
  static async open(
    folder: string,
    durability: Durability,
  ): Promise<{ folder: StateFolder; registry: CanisterRegistry }> {
    const state = new StateFolder(folder, durability);
    try {
      await mkdir(state.#files, { recursive: true });
      for (const name of await readdir(state.#files)) state.#present.add(name);
      return { folder: state, registry: await state.#load() };
    } catch (cause) {
      const message = `the state in ${folder} cannot be read (${cause}): remove the folder or name another`;
      throw new LocalnetError("STATE_UNREADABLE", message, { cause });
    }
  }

  /** Writes the current state. Canisters may go on running. One save at a time. */
  async save(registry: CanisterRegistry): Promise<void> {
    const snapshots = registry.all().map(snapshotOf);
    const [next = 0n, ...others] = registry.next;
    const ledger = Object.fromEntries(registry.ledger);
    try {
      const records: CanisterRecord[] = [];
      for (const snapshot of snapshots) records.push(await this.#write(snapshot));
      const text = JSON.stringify(manifest.encode({ format: 1, next, others, ledger, canisters: records }));
      await this.#writer.finishFolder(this.#files);
      await this.#writer.replace(join(this.#folder, "state.json"), text);
      await this.#writer.finishFolder(this.#folder);
      await this.#removeAllBut(records);
    } catch (error) {
      snapshots.forEach(giveBack);
      throw error;
    }
  }

  async #write({ record, changes, contents }: Snapshot): Promise<CanisterRecord> {
    for (const [name, content] of contents) await this.#writeOnce(name, content);
    for (const change of changes) await this.#writeChanges(change);
    return record((memory) => this.#kept.get(memory) ?? []);
  }

  async #writeOnce(name: string, content: Uint8Array): Promise<void> {
    if (this.#present.has(name)) return;
    await this.#writer.replace(join(this.#files, name), content);
    this.#present.add(name);
  }

  async #writeChanges({ memory, pages, pageSize }: Changes): Promise<void> {
    const files = [...(this.#kept.get(memory) ?? [])];
    if (pages.size > 0) {
      const merged = mergeable([...files, { name: "", count: pages.size }]) - 1;
      const older = files.splice(files.length - merged, merged);
      files.push(await this.#writeMerged(older, pages, pageSize));
    }
    this.#kept.set(memory, files);
  }

  async #writeMerged(older: PageFile[], newest: Pages, pageSize: number): Promise<PageFile> {
    const all = new Map<number, Uint8Array>();
    for (const { name } of older) {
      for (const [index, page] of await readPageFile(join(this.#files, name), pageSize)) all.set(index, page);
    }
    for (const [index, page] of newest) all.set(index, page);
    const name = `pages-${randomUUID()}`;
    // Before it is written, so that the next save removes what a full disk leaves of it.
    this.#present.add(name);
    await writePageFile(join(this.#files, name), all, this.#writer);
    return { name, count: all.size };
  }

  async #removeAllBut(records: CanisterRecord[]): Promise<void> {
    const kept = new Set(records.flatMap(fileNames));
    for (const name of this.#present) {
      if (kept.has(name)) continue;
      await rm(join(this.#files, name), { force: true });
      this.#present.delete(name);
    }
  }

  async #load(): Promise<CanisterRegistry> {
    const text = await readFile(join(this.#folder, "state.json"), "utf8").catch((error) => {
      if (error.code === "ENOENT") return undefined;
      throw error;
    });
    if (text === undefined) {
      await this.#removeAllBut([]);
      return new CanisterRegistry();
    }
    const { next, others, ledger, canisters } = manifest.parse(JSON.parse(text));
    // Existing files are not written again, so a partially written file must not remain.
    await this.#removeAllBut(canisters);
    const registry = new CanisterRegistry([next, ...others], new Map(Object.entries(ledger)));
    for (const record of canisters) registry.add(await this.#loadCanister(record));
    return registry;
  }

  async #loadCanister(record: CanisterRecord): Promise<Canister> {
    const { program, stable, log, chunks, status, snapshots, ...rest } = record;
    return {
      ...rest,
      chargedAt: undefined,
      // Pending calls do not survive a restart, so there is nothing left to wait for.
      status: status === "stopping" ? "stopped" : status,
      stable: await this.#loadMemory(stable),
      log: new CanisterLog(log),
      chunks: await this.#loadChunks(chunks),
      program: program && (await this.#loadProgram(program)),
      snapshots: await Promise.all(snapshots.map((snapshot) => this.#loadSnapshot(snapshot))),
    };
  }

  async #loadSnapshot(record: SnapshotRecord): Promise<CanisterSnapshot> {
    return {
      ...record,
      module: await this.#read(`module-${record.module}`),
      globals: record.globals.map(({ type, value }) => ({ type, value: globalValue(value) })),
      heap: await this.#loadMemory(record.heap),
      stable: await this.#loadMemory(record.stable),
      chunks: await this.#loadChunks(record.chunks),
      globalTimer: record.globalTimer,
      lowMemoryHook: record.lowMemoryHook,
    };
  }

  async #loadMemory({ size, files }: CanisterRecord["stable"]): Promise<StableMemory> {
    const memory = new StableMemory(size, await this.#readPages(files, stablePageSize));
    this.#kept.set(memory, files);
    return memory;
  }

  async #loadChunks(hashes: string[]): Promise<Map<string, Uint8Array>> {
    const load = async (hash: string) => [hash, await this.#read(`chunk-${hash}`)] as const;
    return new Map(await Promise.all(hashes.map(load)));
  }

  async #loadProgram({
    module,
    size,
    globals,
    heap,
  }: NonNullable<CanisterRecord["program"]>): Promise<Program> {
    const program = Program.fresh(compileModule(await this.#read(`module-${module}`)), size);
    program.restore(await this.#readPages(heap, dirtyPageSize), globals.map(globalValue));
    this.#kept.set(program.heap, heap);
    return program;
  }

  async #readPages(files: PageFile[], pageSize: number): Promise<Map<number, Uint8Array>> {
    const all = new Map<number, Uint8Array>();
    for (const { name } of files) {
      for (const [index, page] of await readPageFile(join(this.#files, name), pageSize)) all.set(index, page);
    }
    return all;
  }

  /** @throws Error when the content does not match the hash in the name */
  async #read(name: string): Promise<Uint8Array> {
    const path = join(this.#files, name);
    const content = new Uint8Array(await readFile(path));
    const hash = createHash("sha256").update(content).digest("hex");
    if (!name.endsWith(hash)) throw new Error(`${path} is not whole`);
    return content;
  }
}

function fileNames({ program, stable, chunks, snapshots }: CanisterRecord): string[] {
  const memories = [stable, ...snapshots.flatMap(({ heap, stable }) => [heap, stable])];
  const pages = [...(program?.heap ?? []), ...memories.flatMap(({ files }) => files)];
  const modules = [...(program ? [program.module] : []), ...snapshots.map(({ module }) => module)];
  const kept = [...chunks, ...snapshots.flatMap(({ chunks }) => chunks)];
  return [
    ...pages.map(({ name }) => name),
    ...modules.map((hash) => `module-${hash}`),
    ...kept.map((hash) => `chunk-${hash}`),
  ];
}
