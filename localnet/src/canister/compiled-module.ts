import { createHash } from "node:crypto";
import { gunzipSync } from "node:zlib";
import { type InstrumentedModule, instrument } from "../wasm/instrument.ts";
import { InvalidWasm } from "../wasm/invalid-wasm.ts";
import { importNames } from "./context.ts";
import { errorCodes, Trap } from "./trap.ts";

/** A module ready to be instantiated. */
export interface CompiledModule extends InstrumentedModule {
  /** As it was sent: possibly compressed. */
  source: Uint8Array;
  /** SHA-256 of the source. */
  hash: Uint8Array;
  compiled: WebAssembly.Module;
  /** With enhanced orthogonal persistence, upgrades must state whether the memory is kept. */
  persistence: "enhanced" | "classical";
}

/** Largest module, decompressed. @source Internet Computer resource limits */
const largestModule = 100 * 1024 * 1024;

/** Modules in use, by the hash of their source in hex: canisters with the same module share its code. */
const inUse = new Map<string, WeakRef<CompiledModule>>();
const forgotten = new FinalizationRegistry<string>((key) => {
  if (!inUse.get(key)?.deref()) inUse.delete(key);
});

/** @throws Trap CanisterInvalidWasm, naming what is wrong with the module */
export function compileModule(source: Uint8Array): CompiledModule {
  const hash = new Uint8Array(createHash("sha256").update(source).digest());
  const key = Buffer.from(hash).toString("hex");
  const known = inUse.get(key)?.deref();
  if (known) return known;
  const module = compile(source, hash);
  inUse.set(key, new WeakRef(module));
  forgotten.register(module, key);
  return module;
}

function compile(source: Uint8Array, hash: Uint8Array): CompiledModule {
  try {
    const isCompressed = source[0] === 0x1f && source[1] === 0x8b;
    const wasm = isCompressed ? gunzipSync(source, { maxOutputLength: largestModule }) : source;
    const module = instrument(wasm);
    checkImports(module);
    checkExports(module);
    return {
      ...module,
      source,
      hash,
      compiled: new WebAssembly.Module(module.bytes),
      persistence: module.customs.some(({ name }) => name === "icp:private enhanced-orthogonal-persistence")
        ? "enhanced"
        : "classical",
    };
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new Trap(errorCodes.invalidWasm, `Canister's Wasm module is not valid: ${reason}`);
  }
}

function checkImports({ imports }: InstrumentedModule): void {
  const known = new Set<string>(importNames);
  const unknown = imports.find(({ module, name }) => module !== "ic0" || !known.has(name));
  if (unknown) throw new InvalidWasm(`the import ${unknown.module}.${unknown.name} is not known`);
}

const methodKinds = ["update", "query", "composite_query"] as const;

/** "A method name must be exported at most once" over the three kinds of methods. */
function checkExports({ functions }: InstrumentedModule): void {
  const names = [...functions].flatMap((name) => {
    const kind = methodKinds.find((kind) => name.startsWith(`canister_${kind} `));
    return kind ? [name.slice(`canister_${kind} `.length)] : [];
  });
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined) throw new InvalidWasm(`the method ${twice} is exported more than once`);
}

export type MethodKind = (typeof methodKinds)[number];

/** The kind of a module's method; undefined when it has no such method. */
export function methodKind({ functions }: InstrumentedModule, method: string): MethodKind | undefined {
  return methodKinds.find((kind) => functions.has(`canister_${kind} ${method}`));
}
