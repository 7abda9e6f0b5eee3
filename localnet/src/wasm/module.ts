import { ByteReader } from "./byte-reader.ts";
import { InvalidWasm } from "./invalid-wasm.ts";
import { valueTypes } from "./opcodes.ts";

export type AddressType = "i32" | "i64";

/** Sizes in 64 KiB pages. */
export interface Limits {
  address: AddressType;
  initial: number;
  maximum: number | undefined;
}

export interface Section {
  id: number;
  start: number;
  end: number;
}

export interface DataSegment {
  /** The constant expression of the address, without its `end`; undefined when the segment is passive. */
  offset: Uint8Array | undefined;
  content: Uint8Array;
}

/** The parts of a module that the rewriter and the host need; everything else stays as bytes. */
export interface WasmModule {
  bytes: Uint8Array;
  sections: Section[];
  /** Number of parameters by type index. */
  parameters: number[];
  imports: { module: string; name: string; type: number }[];
  /** Type index of each function that the module defines. */
  functions: number[];
  memory: Limits | undefined;
  table: Limits | undefined;
  globals: { type: number; mutable: boolean }[];
  exports: { name: string; kind: number; index: number }[];
  start: number | undefined;
  data: DataSegment[];
  customs: { name: string; content: Uint8Array }[];
}

export const sectionIds = {
  custom: 0,
  type: 1,
  import: 2,
  function: 3,
  table: 4,
  memory: 5,
  global: 6,
  export: 7,
  start: 8,
  element: 9,
  code: 10,
  data: 11,
  dataCount: 12,
} as const;

/** The kinds of imports and exports. */
export const externKinds = { function: 0, table: 1, memory: 2, global: 3 } as const;

/**
 * Reads a module's outline.
 * @throws InvalidWasm for a broken module and for unsupported features (shared or several memories,
 * imports other than functions, garbage-collected types)
 */
export function readModule(bytes: Uint8Array): WasmModule {
  const reader = new ByteReader(bytes);
  const magic = [0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00];
  if (bytes.length < 8 || magic.some((byte) => reader.byte() !== byte)) {
    throw new InvalidWasm("not a Wasm module of version 1");
  }
  const sections: Section[] = [];
  while (!reader.done) {
    const id = reader.byte();
    const size = reader.unsigned();
    sections.push({ id, start: reader.position, end: reader.position + size });
    reader.skip(size);
  }
  const read = <T>(id: number, item: (section: ByteReader, index: number) => T): T[] => {
    const found = sections.find((section) => section.id === id);
    if (!found) return [];
    const section = new ByteReader(bytes, found.start, found.end);
    return section.vector((index) => item(section, index));
  };
  const startSection = sections.find(({ id }) => id === sectionIds.start);
  return {
    bytes,
    sections,
    parameters: read(sectionIds.type, readParameters),
    imports: read(sectionIds.import, readImport),
    functions: read(sectionIds.function, (section) => section.unsigned()),
    memory: single("memory", read(sectionIds.memory, readLimits)),
    table: read(sectionIds.table, readTable)[0],
    globals: read(sectionIds.global, readGlobal),
    exports: read(sectionIds.export, (section) => ({
      name: section.name(),
      kind: section.byte(),
      index: section.unsigned(),
    })),
    start: startSection && new ByteReader(bytes, startSection.start, startSection.end).unsigned(),
    data: read(sectionIds.data, readDataSegment),
    customs: sections
      .filter(({ id }) => id === sectionIds.custom)
      .map(({ start, end }) => {
        const section = new ByteReader(bytes, start, end);
        return { name: section.name(), content: bytes.subarray(section.position, end) };
      }),
  };
}

function single<T>(noun: string, items: T[]): T | undefined {
  if (items.length > 1) throw new InvalidWasm(`more than one ${noun} is not supported`);
  return items[0];
}

function readParameters(section: ByteReader): number {
  if (section.byte() !== 0x60) throw new InvalidWasm("types other than functions are not supported");
  const parameters = section.vector(() => readValueType(section));
  section.vector(() => readValueType(section));
  return parameters.length;
}

function readValueType(section: ByteReader): number {
  const type = section.byte();
  if (type === valueTypes.v128) throw new InvalidWasm("SIMD is not supported");
  if (!Object.values(valueTypes).includes(type as never)) {
    throw new InvalidWasm(`value type 0x${type.toString(16)} is not supported`);
  }
  return type;
}

function readImport(section: ByteReader) {
  const module = section.name();
  const name = section.name();
  if (section.byte() !== externKinds.function) {
    throw new InvalidWasm(`import ${module}.${name} is not a function`);
  }
  return { module, name, type: section.unsigned() };
}

function readLimits(section: ByteReader): Limits {
  const flags = section.byte();
  if ((flags & ~0b101) !== 0) throw new InvalidWasm("shared memories and page sizes are not supported");
  const initial = section.unsigned();
  const maximum = flags & 1 ? section.unsigned() : undefined;
  return { address: flags & 4 ? "i64" : "i32", initial, maximum };
}

function readTable(section: ByteReader): Limits {
  const type = section.byte();
  if (type !== valueTypes.funcref && type !== valueTypes.externref) {
    throw new InvalidWasm("tables with initialisers are not supported");
  }
  return readLimits(section);
}

function readGlobal(section: ByteReader): { type: number; mutable: boolean } {
  const type = readValueType(section);
  const mutable = section.byte() === 1;
  if (mutable && (type === valueTypes.funcref || type === valueTypes.externref)) {
    throw new InvalidWasm("mutable globals of a reference type are not supported");
  }
  readConstant(section);
  return { type, mutable };
}

function readDataSegment(section: ByteReader): DataSegment {
  const kind = section.unsigned();
  if (kind > 2 || (kind === 2 && section.unsigned() !== 0)) {
    throw new InvalidWasm("data segments of a second memory are not supported");
  }
  const offset = kind === 1 ? undefined : readConstant(section);
  return { offset, content: section.take(section.unsigned()) };
}

/** A constant expression, returned without its `end`. */
function readConstant(section: ByteReader): Uint8Array {
  const start = section.position;
  for (;;) {
    const opcode = section.byte();
    if (opcode === 0x0b) return section.bytes.subarray(start, section.position - 1);
    if ([0x23, 0x41, 0x42, 0xd2].includes(opcode)) section.skipLeb();
    else if (opcode === 0x43) section.skip(4);
    else if (opcode === 0x44) section.skip(8);
    else if (opcode === 0xd0) section.skip(1);
    else if (![0x6a, 0x6b, 0x6c, 0x7c, 0x7d, 0x7e].includes(opcode)) {
      throw new InvalidWasm(`0x${opcode.toString(16)} in a constant expression is not supported`);
    }
  }
}
