import assert from "node:assert/strict";
import { test } from "node:test";
import { type HashTree as AgentTree, LookupPathStatus, lookup_path, reconstruct } from "@dfinity/agent";
import fc from "fast-check";
import {
  type HashTree,
  insert,
  leaf,
  lookup,
  remove,
  toArrays,
  treeOf,
  witness,
} from "../../src/certification/hash-tree.ts";

const anyLabel = fc.uint8Array({ maxLength: 4 });
// The agent misjudges the order of labels that share bytes; of one byte it judges rightly.
const label = fc.uint8Array({ minLength: 1, maxLength: 1 });

function entriesOf(labels: fc.Arbitrary<Uint8Array>) {
  return fc.uniqueArray(fc.tuple(labels, fc.uint8Array({ maxLength: 3 })), {
    selector: ([bytes]) => Buffer.from(bytes).toString("hex"),
  });
}

function flat(items: [Uint8Array, Uint8Array][]): HashTree {
  return treeOf(items.map(([name, value]) => [name, leaf(value)] as const));
}

function found(tree: HashTree, path: Uint8Array[]) {
  return lookup_path(path, toArrays(tree) as AgentTree);
}

test("the order of insertion does not matter, and a removed label leaves no trace", () => {
  fc.assert(
    fc.property(entriesOf(anyLabel), fc.uint8Array({ minLength: 5, maxLength: 5 }), (items, other) => {
      const tree = flat(items);
      assert.deepEqual(flat(items.toReversed()).digest, tree.digest);
      assert.deepEqual(remove(insert(tree, other, leaf("x")), other).digest, tree.digest);
    }),
  );
});

test("labels stand in the order of their bytes, and each leads to its value", () => {
  const labelsOf = (tree: HashTree): Buffer[] => {
    if (tree.kind === "fork") return [...labelsOf(tree.left), ...labelsOf(tree.right)];
    return tree.kind === "labeled" ? [Buffer.from(tree.label)] : [];
  };
  fc.assert(
    fc.property(entriesOf(anyLabel), (items) => {
      const tree = flat(items);
      const names = items.map(([name]) => Buffer.from(name));
      assert.deepEqual(labelsOf(tree), names.toSorted(Buffer.compare));
      for (const [name, value] of items) assert.deepEqual(lookup(tree, [name]), leaf(value));
    }),
  );
});

test("the agent computes the same digest and finds the same values", async () => {
  await fc.assert(
    fc.asyncProperty(entriesOf(label), async (items) => {
      const tree = treeOf([
        ["a", flat(items)],
        ["b", leaf("end")],
      ]);
      assert.deepEqual(Buffer.from(await reconstruct(toArrays(tree) as AgentTree)), Buffer.from(tree.digest));
      for (const [name, value] of items) {
        const result = found(tree, [Buffer.from("a"), name]);
        assert.equal(result.status, LookupPathStatus.Found);
        assert.deepEqual(new Uint8Array(result.value), value);
      }
    }),
  );
});

test("a witness keeps the digest, shows what is there and proves what is not, and nothing else", async () => {
  await fc.assert(
    fc.asyncProperty(entriesOf(label), fc.array(label, { maxLength: 3 }), async (items, asked) => {
      const tree = flat(items);
      const cut = witness(
        tree,
        asked.map((name) => [name]),
      );
      assert.deepEqual(Buffer.from(await reconstruct(toArrays(cut) as AgentTree)), Buffer.from(tree.digest));
      const names = new Set(asked.map((name) => Buffer.from(name).toString("hex")));
      for (const name of asked) {
        const isThere = lookup(tree, [name]) !== undefined;
        assert.equal(found(cut, [name]).status, isThere ? LookupPathStatus.Found : LookupPathStatus.Absent);
      }
      for (const [name] of items) {
        if (names.has(Buffer.from(name).toString("hex"))) continue;
        assert.notEqual(found(cut, [name]).status, LookupPathStatus.Found);
      }
    }),
  );
});
