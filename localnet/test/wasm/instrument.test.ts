import assert from "node:assert/strict";
import { test } from "node:test";
import { instrument } from "../../src/wasm/instrument.ts";
import { hostNames } from "../../src/wasm/names.ts";
import { opcodes as op } from "../../src/wasm/opcodes.ts";
import { type Assembly, assemble, call, constant, drop, i32, i64, load, store, wide } from "./assemble.ts";

const memory32 = { flags: 0, initial: 2 };

/** Instantiates an instrumented module and says how to watch it. */
function start(assembly: Assembly) {
  const module = instrument(assemble(assembly));
  const wideMemory = module.address === "i64";
  const size = (pages: number) => (wideMemory ? BigInt(pages) : pages);
  const memory = new WebAssembly.Memory({
    address: module.address,
    initial: size(module.memory.initial),
    maximum: size(module.memory.maximum),
  });
  const imports = { [hostNames.module]: { [hostNames.memory]: memory } };
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(module.bytes), imports);
  const counter = exports[hostNames.counter] as WebAssembly.Global<bigint>;
  const virtualSize = exports[hostNames.size] as WebAssembly.Global;
  const dirty = new Uint8Array((exports[hostNames.dirty] as WebAssembly.Memory).buffer);
  counter.value = 1_000_000n;
  return {
    module,
    memory,
    counter,
    virtualSize,
    dirtyPages: () => {
      const pages: number[] = [];
      for (let page = dirty.indexOf(1); page >= 0; page = dirty.indexOf(1, page + 1)) pages.push(page);
      return pages;
    },
    run: (name = "f") => (exports[name] as () => number | bigint)(),
    loadData: () => (exports[hostNames.data] as () => void)(),
    used: () => 1_000_000n - counter.value,
  };
}

const code = (code: number[], rest: Partial<Assembly> = {}): Assembly => ({
  memory: memory32,
  ...rest,
  functions: [{ export: "f", code, results: [] }, ...(rest.functions ?? [])],
});

const costs: [name: string, code: number[], cost: bigint][] = [
  ["an empty function costs its entry", [], 1n],
  ["constants and drop", [...constant(1), drop, ...constant(2), drop], 5n],
  ["division is ten times an addition", [...constant(1), ...constant(2), 0x6d, drop], 14n],
  ["a store of 32-bit addresses", [...constant(0), ...constant(1), ...store()], 4n],
  ["a call pays 5 and the callee its entry", call(1), 7n],
  ["a branch taken skips what it jumps over", [op.block, 0x40, op.br, 0, ...constant(1), drop, op.end], 3n],
  ["memory.size", [op.memorySize, 0, drop], 22n],
  [
    "a fill also pays for its bytes",
    [...constant(0), ...constant(7), ...constant(5000), op.prefixed, 11, 0],
    1n + 3n + 100n + 5000n,
  ],
];
for (const [name, body, cost] of costs) {
  test(`metering: ${name}`, () => {
    const running = start(code(body, { functions: [{ code: [] }] }));
    running.run();
    assert.equal(running.used(), cost);
  });
}

test("metering: 64-bit stores cost 2", () => {
  const running = start({
    memory: { flags: 4, initial: 1 },
    functions: [{ export: "f", code: [...wide(0), ...constant(1), ...store()] }],
  });
  running.run();
  assert.equal(running.used(), 5n);
});

test("an endless loop ends at the limit, and the counter says so", () => {
  const running = start(code([op.loop, 0x40, op.br, 0, op.end]));
  assert.throws(() => running.run(), /unreachable/);
  assert.ok(running.counter.value < 0n);
});

test("an endless recursion ends at the limit or at the end of the stack", () => {
  const running = start(code(call(0)));
  assert.throws(() => running.run(), /unreachable|call stack/);
});

const dirtyCases: [name: string, body: number[], pages: number[]][] = [
  ["a store marks its page", [...constant(4096 * 3 + 8), ...constant(1), ...store()], [3]],
  ["a large constant offset counts", [...constant(8), ...constant(1), ...store(4096 * 5)], [5]],
  [
    "an offset counts when the store could end two pages further",
    [...constant(4095), ...constant(1), ...store(4093)],
    [1],
  ],
  [
    "a fill marks all its pages",
    [...constant(4000), ...constant(1), ...constant(9000), op.prefixed, 11, 0],
    [0, 1, 2, 3],
  ],
  [
    "an empty fill marks nothing",
    [...constant(4000), ...constant(1), ...constant(0), op.prefixed, 11, 0],
    [],
  ],
  [
    "a copy marks where it goes",
    [...constant(8192), ...constant(0), ...constant(10), op.prefixed, 10, 0, 0],
    [2],
  ],
  ["a load marks nothing", [...constant(0), ...load(), drop], []],
];
for (const [name, body, pages] of dirtyCases) {
  test(`dirty map: ${name}`, () => {
    const running = start(code(body));
    running.run();
    assert.deepEqual(running.dirtyPages(), pages);
  });
}

test("memory.grow answers as if undone growth had never been", () => {
  const grow = { export: "f", results: [i32], code: [...constant(3), op.memoryGrow, 0] };
  const size = { export: "size", results: [i32], code: [op.memorySize, 0] };
  const running = start({ memory: { flags: 1, initial: 2, maximum: 9 }, functions: [grow, size] });
  assert.equal(running.run(), 2);
  assert.equal(running.run("size"), 5);
  running.virtualSize.value = 2;
  assert.equal(running.run("size"), 2);
  assert.equal(running.run(), 2);
  assert.equal(running.memory.buffer.byteLength, 5 * 65_536);
  assert.equal(running.run(), 5);
  assert.equal(running.run(), -1);
  assert.equal(running.run("size"), 8);
});

test("memory.grow with 64-bit addresses refuses what overflows", () => {
  const grow = { export: "f", results: [i64], code: [...wide(-1), op.memoryGrow, 0] };
  const running = start({ memory: { flags: 4, initial: 1 }, functions: [grow] });
  assert.equal(running.run(), -1n);
});

test("data segments and the start function wait for the host", () => {
  const running = start({
    memory: memory32,
    globals: [5],
    data: [
      { at: 4096, content: [1, 2, 3] },
      { at: 100, content: [9] },
    ],
    start: 0,
    functions: [{ code: [...constant(6), op.globalSet, 0] }],
  });
  assert.equal(new Uint8Array(running.memory.buffer)[4096], 0);
  running.loadData();
  assert.deepEqual([...new Uint8Array(running.memory.buffer, 4096, 3)], [1, 2, 3]);
  assert.deepEqual(running.dirtyPages(), [0, 1]);
  assert.deepEqual(running.module.globals, [hostNames.global(0), hostNames.size]);
});

const refused: [name: string, bytes: Uint8Array, why: RegExp][] = [
  ["not Wasm", new TextEncoder().encode("#!/bin/sh\n"), /not a Wasm module/],
  ["cut short", assemble(code([])).subarray(0, -20), /unexpected end/],
  ["SIMD", assemble(code([0xfd, 0x0c])), /SIMD is not supported/],
  ["threads", assemble(code([0xfe, 0x03])), /threads are not supported/],
  ["exceptions", assemble(code([0x06, 0x40, op.end])), /exceptions are not supported/],
  ["shared memory", assemble(code([], { memory: { flags: 3, initial: 1, maximum: 1 } })), /shared memories/],
  ["too large a memory", assemble(code([], { memory: { flags: 0, initial: 70_000 } })), /larger than/],
];
for (const [name, bytes, why] of refused) {
  test(`refused: ${name}`, () => assert.throws(() => instrument(bytes), why));
}
