/**
 * The Motoko compiler in a thread of its own: it is one long synchronous computation, and unrolled code
 * overflows a stack of the usual size. Gets a `CompilerJob` as worker data, posts one `CompilerOutcome`.
 */
import { createRequire } from "node:module";
import { parentPort, workerData } from "node:worker_threads";

export interface CompilerJob {
  /** Path of the main file among `files`. */
  main: string;
  files: ReadonlyMap<string, string>;
  /** Custom sections that anyone may read: `candid:service`, `motoko:stable-types`... */
  publicSections: string[];
}

export interface Compiled {
  wasm: Uint8Array;
  /** The actor's interface. */
  candid: string;
  /** The signature of its stable variables, for compatibility checks. */
  stable: string;
}

/** Severity 1 is an error, 2 a warning; lines and characters (UTF-8 bytes) count from 0. */
export interface Diagnostic {
  source: string;
  range: { start: { line: number; character: number } };
  severity: number;
  code: string;
  message: string;
}

export interface CompilerOutcome {
  code: Compiled | null;
  diagnostics: Diagnostic[];
}

const require = createRequire(import.meta.url);
const motoko: typeof import("motoko").default = require("motoko");
const job = workerData as CompilerJob;
motoko.loadPackage(require("motoko/packages/latest/core.json"));
for (const [path, text] of job.files) motoko.write(path, text);
motoko.setPublicMetadata(job.publicSections);
motoko.compiler.gcFlags("enhancedOP");
const outcome: CompilerOutcome = motoko.compiler.compileWasm("ic", job.main);
parentPort!.postMessage(outcome);
