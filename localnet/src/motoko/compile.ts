import { createHash, randomUUID } from "node:crypto";
import { once } from "node:events";
import { mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { join } from "node:path";
import { Worker } from "node:worker_threads";
import { lebEncode } from "@dfinity/candid";
import { LocalnetError } from "../localnet-error.ts";
import type { Compiled, CompilerJob, CompilerOutcome, Diagnostic } from "./compiler-worker.ts";
import { readSources, type Sources } from "./sources.ts";

export interface MotokoOptions {
  /** Absolute path of the actor's .mo file. */
  main: string;
  /** Folder that keeps compiled modules, made when it is missing. */
  cache: string;
  /** Custom sections that anyone may read; by default the interface, `candid:service`. */
  publicSections?: string[];
  /** More custom sections that anyone may read, which the compiler does not write: name and text. */
  metadata?: Readonly<Record<string, string>>;
}

const compilerVersion: string = createRequire(import.meta.url)("motoko/package.json").version;

/**
 * Compiles a Motoko actor in enhanced orthogonal persistence, with `mo:core` at hand, or takes it from the
 * cache when neither its sources nor the compiler have changed. Warnings are dropped.
 * @throws LocalnetError MOTOKO_NOT_FOUND, or MOTOKO_REFUSED with a line `file:line:column: message` for each error
 */
export async function compileMotoko(options: MotokoOptions): Promise<Compiled> {
  const sources = await readSources(options.main);
  const { main, files } = sources;
  const job: CompilerJob = { main, files, publicSections: options.publicSections ?? ["candid:service"] };
  const folder = join(options.cache, hashOf(job));
  const compiled = (await readCompiled(folder)) ?? (await compileInto(folder, job, sources));
  return { ...compiled, wasm: withMetadata(compiled.wasm, options.metadata ?? {}) };
}

async function compileInto(folder: string, job: CompilerJob, sources: Sources): Promise<Compiled> {
  const { code, diagnostics } = await runCompiler(job);
  if (!code) throw refused(sources, diagnostics);
  await writeCompiled(folder, code);
  return code;
}

function hashOf(job: CompilerJob): string {
  const parts = [compilerVersion, job.main, job.publicSections, [...job.files]];
  return createHash("sha256").update(JSON.stringify(parts)).digest("hex");
}

/** Custom sections may stand anywhere, so at the end. @source WebAssembly core specification, 5.5.3 */
function withMetadata(wasm: Uint8Array, metadata: Readonly<Record<string, string>>): Uint8Array {
  const sections = Object.entries(metadata).map(([name, text]) => {
    const label = Buffer.from(`icp:public ${name}`);
    const content = Buffer.concat([lebEncode(label.length), label, Buffer.from(text)]);
    return Buffer.concat([Uint8Array.of(0), lebEncode(content.length), content]);
  });
  return new Uint8Array(Buffer.concat([wasm, ...sections]));
}

async function runCompiler(job: CompilerJob): Promise<CompilerOutcome> {
  const worker = new Worker(new URL("./compiler-worker.ts", import.meta.url), {
    workerData: job,
    // Flags of the process such as --input-type do not apply to a thread that runs a file.
    execArgv: [],
    resourceLimits: { stackSizeMb: 200 },
  });
  try {
    const [outcome] = await once(worker, "message");
    return outcome;
  } catch (cause) {
    throw new LocalnetError("MOTOKO_CRASHED", `the Motoko compiler failed on ${job.main}: ${cause}`, {
      cause,
    });
  } finally {
    await worker.terminate();
  }
}

function refused({ root, main }: Sources, diagnostics: Diagnostic[]): LocalnetError {
  const errors = diagnostics.filter(({ severity }) => severity === 1);
  const lines = errors.map(({ source, range: { start }, code, message }) => {
    return `${join(root, source)}:${start.line + 1}:${start.character + 1}: ${message} [${code}]`;
  });
  return new LocalnetError("MOTOKO_REFUSED", [`${join(root, main)} does not compile`, ...lines].join("\n"));
}

const names = { wasm: "module.wasm", candid: "service.did", stable: "stable.most" };

async function readCompiled(folder: string): Promise<Compiled | undefined> {
  try {
    const [wasm, candid, stable] = await Promise.all([
      readFile(join(folder, names.wasm)),
      readFile(join(folder, names.candid), "utf8"),
      readFile(join(folder, names.stable), "utf8"),
    ]);
    return { wasm: new Uint8Array(wasm), candid, stable };
  } catch {
    return undefined;
  }
}

/** Written to a temporary folder and renamed, so that a partial module is never read. */
async function writeCompiled(folder: string, { wasm, candid, stable }: Compiled): Promise<void> {
  const aside = `${folder}.${randomUUID()}`;
  await mkdir(aside, { recursive: true });
  try {
    await writeFile(join(aside, names.wasm), wasm);
    await writeFile(join(aside, names.candid), candid);
    await writeFile(join(aside, names.stable), stable);
    await rename(aside, folder);
  } catch (error) {
    await rm(aside, { recursive: true, force: true });
    // Another compilation of the same sources finished first, with the same module.
    if (!["ENOTEMPTY", "EEXIST"].includes((error as NodeJS.ErrnoException).code ?? "")) throw error;
  }
}
