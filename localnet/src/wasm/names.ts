/** What the Wasm pass adds to a module's imports and exports, for the host that instantiates it. */
export const hostNames = {
  /** The imported memory: `localnet.memory`. */
  module: "localnet",
  memory: "memory",
  /** Memory 1: a byte for each page of memory 0, not zero when something was stored there. */
  dirty: "localnet dirty pages",
  table: "localnet table",
  /** i64: instructions left; below zero after the limit was met. */
  counter: "localnet counter",
  /** Size of memory 0 in 64 KiB pages, of the address type: what `memory.size` answers. */
  size: "localnet size",
  /** Copies the active data segments into place. */
  data: "localnet data",
  /** The start function, which runs only when the host calls it. */
  start: "localnet start",
  global: (index: number) => `localnet global ${index}`,
} as const;

/** Bytes that one byte of the dirty map stands for. */
export const dirtyPageSize = 4096;
export const dirtyPageBits = 12;
