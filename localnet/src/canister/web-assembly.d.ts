/** The part of the WebAssembly API that is used here: the type libraries declare it only for browsers. */
declare namespace WebAssembly {
  class Module {
    constructor(bytes: Uint8Array);
  }
  class Instance {
    constructor(module: Module, imports: Record<string, Record<string, unknown>>);
    readonly exports: Record<string, unknown>;
  }
  interface MemoryDescriptor {
    address: "i32" | "i64";
    /** In 64 KiB pages; bigints for 64-bit memories. */
    initial: number | bigint;
    maximum: number | bigint;
  }
  class Memory {
    constructor(descriptor: MemoryDescriptor);
    readonly buffer: ArrayBuffer;
    grow(pages: number | bigint): number | bigint;
  }
  class Table {
    readonly length: number | bigint;
    get(index: number | bigint): unknown;
  }
  class Global<Value extends number | bigint = number | bigint> {
    value: Value;
  }
  class RuntimeError extends Error {}
}
