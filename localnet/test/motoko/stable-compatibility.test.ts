import assert from "node:assert/strict";
import { test } from "node:test";
import { stableFaults } from "../../src/motoko/stable-compatibility.ts";

const signature = (fields: string) => `// Version: 1.0.0\nactor {\n${fields}\n};\n`;
const former = signature("  stable var count : Nat");

test("a variable more keeps all state; one less, or one of another type, does not", () => {
  const codes = (fields: string) =>
    stableFaults(former, signature(fields)).map((fault) => /\[(\w+)\]$/.exec(fault)?.[1]);
  assert.deepEqual(codes("  stable var count : Nat;\n  stable var name : Text"), []);
  assert.deepEqual(codes("  stable var count : Int"), []);
  assert.deepEqual(codes("  stable var name : Text"), ["M0169"]);
  assert.deepEqual(codes("  stable var count : Text"), ["M0170"]);
});
