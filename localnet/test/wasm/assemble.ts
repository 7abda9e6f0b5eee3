import { ByteWriter } from "../../src/wasm/byte-writer.ts";
import { externKinds, sectionIds } from "../../src/wasm/module.ts";
import { opcodes as op, valueTypes } from "../../src/wasm/opcodes.ts";

/** A function type: value types of parameters and results. */
export interface Signature {
  parameters?: number[];
  results?: number[];
}

/** A module for tests, small enough to be written by hand. */
export interface Assembly {
  /** From `ic0`; they are functions 0, 1, ... */
  imports?: ({ name: string } & Signature)[];
  /** Follow the imports; `code` is without its `end`. */
  functions: ({ export?: string; locals?: number[]; code: number[] } & Signature)[];
  memory?: { flags: number; initial: number; maximum?: number };
  /** Initial values of mutable 32-bit globals. */
  globals?: number[];
  /** Function indices from slot 0 on. */
  table?: number[];
  /** Content at an address of a 32-bit memory. */
  data?: { at: number; content: number[] }[];
  start?: number;
  customs?: string[];
}

export const { i32, i64 } = valueTypes;

/** The bytes of `i32.const` and of calls, for code in tests. */
export const constant = (value: number): number[] => [
  ...new ByteWriter().byte(op.i32Const).signed(value).written(),
];
export const wide = (value: number): number[] => [
  ...new ByteWriter().byte(op.i64Const).signed(value).written(),
];
export const call = (index: number): number[] => [op.call, index];
export const drop = 0x1a;
/** `i32.store` and `i32.load` with a constant offset. */
export const store = (offset = 0): number[] => [
  ...new ByteWriter().bytes([op.i32Store, 2]).unsigned(offset).written(),
];
export const load = (offset = 0): number[] => [
  ...new ByteWriter().bytes([op.firstLoad, 2]).unsigned(offset).written(),
];

export function assemble(module: Assembly): Uint8Array {
  const {
    imports = [],
    functions,
    memory,
    globals = [],
    table = [],
    data = [],
    start,
    customs = [],
  } = module;
  const writer = new ByteWriter().bytes([0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00]);
  const section = (id: number, write: (content: ByteWriter) => unknown) => {
    const content = new ByteWriter();
    write(content);
    writer.byte(id).sized(content.written());
  };
  const vector = <T>(content: ByteWriter, items: T[], write: (item: T, index: number) => unknown) => {
    content.unsigned(items.length);
    items.forEach(write);
  };
  const signatures: Signature[] = [...imports, ...functions];
  section(sectionIds.type, (content) =>
    vector(content, signatures, ({ parameters = [], results = [] }) => {
      content.byte(0x60).unsigned(parameters.length).bytes(parameters);
      content.unsigned(results.length).bytes(results);
    }),
  );
  section(sectionIds.import, (content) =>
    vector(content, imports, ({ name }, index) => content.name("ic0").name(name).byte(0).unsigned(index)),
  );
  section(sectionIds.function, (content) =>
    vector(content, functions, (_, index) => content.unsigned(imports.length + index)),
  );
  if (table.length > 0) {
    section(sectionIds.table, (content) => content.bytes([1, valueTypes.funcref, 0]).unsigned(table.length));
  }
  if (memory) {
    section(sectionIds.memory, (content) => {
      content.unsigned(1).byte(memory.flags).unsigned(memory.initial);
      if (memory.maximum !== undefined) content.unsigned(memory.maximum);
    });
  }
  section(sectionIds.global, (content) =>
    vector(content, globals, (value) => content.bytes([i32, 1, ...constant(value), op.end])),
  );
  const exported = functions.flatMap(({ export: name }, index) => (name ? [{ name, index }] : []));
  section(sectionIds.export, (content) =>
    vector(content, exported, ({ name, index }) =>
      content
        .name(name)
        .byte(externKinds.function)
        .unsigned(imports.length + index),
    ),
  );
  if (start !== undefined) section(sectionIds.start, (content) => content.unsigned(start));
  if (table.length > 0) {
    section(sectionIds.element, (content) =>
      content
        .bytes([1, 0, ...constant(0), op.end])
        .unsigned(table.length)
        .bytes(table),
    );
  }
  section(sectionIds.code, (content) =>
    vector(content, functions, ({ locals = [], code }) => {
      const body = new ByteWriter().unsigned(locals.length);
      for (const local of locals) body.unsigned(1).byte(local);
      content.sized(body.bytes(code).byte(op.end).written());
    }),
  );
  section(sectionIds.data, (content) =>
    vector(content, data, ({ at, content: bytes }) =>
      content.bytes([0, ...constant(at), op.end]).sized(Uint8Array.from(bytes)),
    ),
  );
  for (const name of customs) section(sectionIds.custom, (content) => content.name(name));
  return new Uint8Array(writer.written());
}
