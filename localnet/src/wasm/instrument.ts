import { ByteReader } from "./byte-reader.ts";
import { ByteWriter } from "./byte-writer.ts";
import { type HelperFunctions, helperBodies, helperTypes } from "./helpers.ts";
import { InvalidWasm } from "./invalid-wasm.ts";
import {
  type AddressType,
  externKinds,
  readModule,
  type Section,
  sectionIds,
  type WasmModule,
} from "./module.ts";
import { dirtyPageSize, hostNames } from "./names.ts";
import { opcodes as op, valueTypes } from "./opcodes.ts";
import { type BodyContext, rewriteBody } from "./rewrite-body.ts";

/** What a mutable global may hold. */
export type GlobalType = "i32" | "i64" | "f32" | "f64";

export interface InstrumentedModule {
  bytes: Uint8Array;
  address: AddressType;
  /** How the indices of the function table are typed. */
  tableAddress: AddressType;
  /** What the imported memory must have, in 64 KiB pages. */
  memory: { initial: number; maximum: number };
  /** Names of all exported mutable globals, the size of the memory among them, the counter not. */
  globals: string[];
  /** Types of the module's own mutable globals, in the order of `globals`. */
  globalTypes: GlobalType[];
  imports: { module: string; name: string }[];
  /** Bytes of the module's own code section. */
  codeSize: number;
  /** Names of the functions that the module itself exports. */
  functions: ReadonlySet<string>;
  customs: WasmModule["customs"];
}

/** The largest memories, in 64 KiB pages. @source Internet Computer resource limits: 4 GiB and 6 GiB */
const largest = { i32: 65_536, i64: 98_304 } as const;

/**
 * Prepares a module for execution: instructions are metered, stores are noted in a dirty map, the memory
 * becomes an import whose size is virtual (so that growing can be rolled back), data segments are copied and
 * the start function is run only when the host asks, mutable globals and the table are exported.
 * @throws InvalidWasm
 */
export function instrument(bytes: Uint8Array): InstrumentedModule {
  const module = readModule(bytes);
  const address = module.memory?.address ?? "i32";
  const maximum = Math.min(module.memory?.maximum ?? largest[address], largest[address]);
  const initial = module.memory?.initial ?? 0;
  if (initial > maximum) throw new InvalidWasm(`the memory is larger than ${maximum} pages`);
  const context = contextOf(module, address);
  const writer = new ByteWriter().bytes(bytes.subarray(0, 8));
  for (const section of rewrittenSections(module, context, { initial, maximum })) {
    writer.byte(section.id).sized(section.content);
  }
  const mutable = module.globals.flatMap(({ mutable }, index) => (mutable ? [hostNames.global(index)] : []));
  return {
    bytes: writer.written(),
    address,
    tableAddress: module.table?.address ?? "i32",
    memory: { initial, maximum },
    globals: [...mutable, hostNames.size],
    globalTypes: module.globals.filter(({ mutable }) => mutable).map(({ type }) => globalType(type)),
    imports: module.imports,
    codeSize: sectionsOf(module, sectionIds.code).reduce((sum, { start, end }) => sum + end - start, 0),
    functions: new Set(
      module.exports.filter(({ kind }) => kind === externKinds.function).map(({ name }) => name),
    ),
    customs: module.customs,
  };
}

function globalType(type: number): GlobalType {
  const names = ["i32", "i64", "f32", "f64"] as const;
  const name = names.find((name) => valueTypes[name] === type);
  if (!name) throw new InvalidWasm(`a mutable global of type 0x${type.toString(16)} is not supported`);
  return name;
}

function contextOf(module: WasmModule, address: AddressType): BodyContext {
  const firstHelper = module.imports.length + module.functions.length;
  const helpers: HelperFunctions = {
    charge: firstHelper,
    mark: firstHelper + 1,
    grow: firstHelper + 2,
    data: firstHelper + 3,
  };
  return {
    address,
    tableAddress: module.table?.address ?? "i32",
    counter: module.globals.length,
    size: module.globals.length + 1,
    helpers,
  };
}

type Content = { id: number; content: Uint8Array };
type Memory = InstrumentedModule["memory"];

/** All sections in the order of the format; sections that the pass needs are added if missing. */
function rewrittenSections(module: WasmModule, context: BodyContext, memory: Memory): Content[] {
  const rewriters: Partial<Record<number, () => Uint8Array>> = {
    [sectionIds.type]: () => extended(module, sectionIds.type, 4, helperTypes(context.address)),
    [sectionIds.import]: () => extended(module, sectionIds.import, 1, memoryImport(context.address, memory)),
    [sectionIds.function]: () => {
      const types = new ByteWriter();
      for (let index = 0; index < 4; index++) types.unsigned(module.parameters.length + index);
      return extended(module, sectionIds.function, 4, types.written());
    },
    [sectionIds.memory]: () => dirtyMap(memory.maximum),
    [sectionIds.global]: () => extended(module, sectionIds.global, 2, addedGlobals(context.address, memory)),
    [sectionIds.export]: () => {
      const added = addedExports(module, context);
      return extended(module, sectionIds.export, added.count, added.content);
    },
    [sectionIds.dataCount]: () => new ByteWriter().unsigned(module.data.length).written(),
    [sectionIds.code]: () => rewrittenCode(module, context, memory.maximum),
    [sectionIds.data]: () => passiveData(module),
  };
  const order = [
    sectionIds.type,
    sectionIds.import,
    sectionIds.function,
    sectionIds.table,
    sectionIds.memory,
    sectionIds.global,
    sectionIds.export,
    sectionIds.element,
    sectionIds.dataCount,
    sectionIds.code,
    sectionIds.data,
  ];
  return order.flatMap((id) => {
    const rewrite = rewriters[id];
    if (rewrite) return [{ id, content: rewrite() }];
    return sectionsOf(module, id).map(({ start, end }) => ({
      id,
      content: module.bytes.subarray(start, end),
    }));
  });
}

function sectionsOf(module: WasmModule, id: number): Section[] {
  return module.sections.filter((section) => section.id === id);
}

/** A vector section with items added at its end. */
function extended(module: WasmModule, id: number, added: number, content: Uint8Array): Uint8Array {
  const [section] = sectionsOf(module, id);
  if (!section) return new ByteWriter().unsigned(added).bytes(content).written();
  const reader = new ByteReader(module.bytes, section.start, section.end);
  const count = reader.unsigned();
  const items = module.bytes.subarray(reader.position, section.end);
  return new ByteWriter()
    .unsigned(count + added)
    .bytes(items)
    .bytes(content)
    .written();
}

function memoryImport(address: AddressType, { initial, maximum }: Memory): Uint8Array {
  const flags = address === "i64" ? 0b101 : 0b001;
  return new ByteWriter()
    .name(hostNames.module)
    .name(hostNames.memory)
    .byte(externKinds.memory)
    .byte(flags)
    .unsigned(initial)
    .unsigned(maximum)
    .written();
}

function dirtyMap(maximum: number): Uint8Array {
  // One more than the pages need: a store at the very end marks the page behind it too.
  const pages = Math.ceil((maximum * (65_536 / dirtyPageSize) + 1) / 65_536);
  return new ByteWriter().unsigned(1).byte(1).unsigned(pages).unsigned(pages).written();
}

function addedGlobals(address: AddressType, { initial }: Memory): Uint8Array {
  const constant = address === "i64" ? op.i64Const : op.i32Const;
  return new ByteWriter()
    .bytes([valueTypes.i64, 1, op.i64Const, 0, op.end])
    .bytes([valueTypes[address], 1, constant])
    .signed(initial)
    .byte(op.end)
    .written();
}

function addedExports(module: WasmModule, context: BodyContext): { count: number; content: Uint8Array } {
  const entries: [name: string, kind: number, index: number][] = [
    [hostNames.counter, externKinds.global, context.counter],
    [hostNames.size, externKinds.global, context.size],
    [hostNames.dirty, externKinds.memory, 1],
    [hostNames.data, externKinds.function, context.helpers.data],
  ];
  if (module.table) entries.push([hostNames.table, externKinds.table, 0]);
  if (module.start !== undefined) entries.push([hostNames.start, externKinds.function, module.start]);
  for (const [index, { mutable }] of module.globals.entries()) {
    if (mutable) entries.push([hostNames.global(index), externKinds.global, index]);
  }
  const writer = new ByteWriter();
  for (const [name, kind, index] of entries) writer.name(name).byte(kind).unsigned(index);
  return { count: entries.length, content: writer.written() };
}

function rewrittenCode(module: WasmModule, context: BodyContext, maximum: number): Uint8Array {
  const helpers = helperBodies(context, module.data, maximum);
  const writer = new ByteWriter().unsigned(module.functions.length + helpers.length);
  const [section] = sectionsOf(module, sectionIds.code);
  if (section) {
    const reader = new ByteReader(module.bytes, section.start, section.end);
    if (reader.unsigned() !== module.functions.length) throw new InvalidWasm("function bodies are missing");
    for (const type of module.functions) {
      const size = reader.unsigned();
      const body = new ByteReader(module.bytes, reader.position, reader.position + size);
      writer.sized(rewriteBody(body, module.parameters[type] ?? 0, context));
      reader.skip(size);
    }
  }
  for (const helper of helpers) writer.sized(helper);
  return writer.written();
}

function passiveData(module: WasmModule): Uint8Array {
  const writer = new ByteWriter().unsigned(module.data.length);
  for (const { content } of module.data) writer.byte(1).sized(content);
  return writer.written();
}
