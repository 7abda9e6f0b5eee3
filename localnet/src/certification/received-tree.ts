import { compare, digestOf } from "./hash-tree.ts";

/** A hash tree as received in CBOR, not verified yet. */
export type ReceivedTree =
  | readonly [0]
  | readonly [1, ReceivedTree, ReceivedTree]
  | readonly [2, Uint8Array, ReceivedTree]
  | readonly [3, Uint8Array]
  | readonly [4, Uint8Array];

/** Deeper than any tree that a certificate shows. */
const deepest = 128;

/** @throws Error when it is not a tree */
export function parseTree(value: unknown, depth = 0): ReceivedTree {
  const node = Array.isArray(value) ? value : [];
  const [kind, first, second] = node;
  if (depth > deepest) throw new Error(`the hash tree is more than ${deepest} nodes deep`);
  if (kind === 0 && node.length === 1) return [0];
  if (kind === 1 && node.length === 3) return [1, parseTree(first, depth + 1), parseTree(second, depth + 1)];
  if (kind === 2 && node.length === 3 && first instanceof Uint8Array) {
    return [2, first, parseTree(second, depth + 1)];
  }
  const isBytes = node.length === 2 && first instanceof Uint8Array;
  if (kind === 3 && isBytes) return [3, first];
  if (kind === 4 && isBytes && first.length === 32) return [4, first];
  throw new Error("the hash tree is malformed");
}

/**
 * The digest that the tree stands for, 32 bytes.
 * @source IC interface specification, "Certification": reconstruct
 */
export function reconstruct(tree: ReceivedTree): Uint8Array {
  switch (tree[0]) {
    case 0:
      return digestOf("empty");
    case 1:
      return digestOf("fork", reconstruct(tree[1]), reconstruct(tree[2]));
    case 2:
      return digestOf("labeled", tree[1], reconstruct(tree[2]));
    case 3:
      return digestOf("leaf", tree[1]);
    case 4:
      return tree[1];
  }
}

/** What stands below a path; undefined where the tree does not show it. */
export function find(tree: ReceivedTree, path: readonly (string | Uint8Array)[]): ReceivedTree | undefined {
  const [head, ...rest] = path;
  if (head === undefined) return tree;
  const label = typeof head === "string" ? Buffer.from(head) : head;
  const child = children(tree).find(([name]) => compare(name, label) === 0);
  return child && find(child[1], rest);
}

/** The value at a path. */
export function findLeaf(tree: ReceivedTree, path: readonly (string | Uint8Array)[]): Uint8Array | undefined {
  const found = find(tree, path);
  return found?.[0] === 3 ? found[1] : undefined;
}

/** The labels that the tree shows at its top, with what is below them. */
export function children(tree: ReceivedTree): [name: Uint8Array, below: ReceivedTree][] {
  if (tree[0] === 1) return [...children(tree[1]), ...children(tree[2])];
  return tree[0] === 2 ? [[tree[1], tree[2]]] : [];
}
