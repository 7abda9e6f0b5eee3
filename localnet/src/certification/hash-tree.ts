/**
 * The certified state as a persistent search tree: a change copies only the path to it and leaves older trees
 * as they were, so certificates of an older state stay valid. Every node carries its digest.
 * @source IC interface specification, "Certification" (hash trees, reconstruction, witnesses)
 */
import { createHash } from "node:crypto";

export type HashTree =
  | { kind: "empty"; digest: Uint8Array }
  | { kind: "fork"; left: HashTree; right: HashTree; bit: number; digest: Uint8Array }
  | { kind: "labeled"; label: Uint8Array; tree: HashTree; digest: Uint8Array }
  | { kind: "leaf"; value: Uint8Array; digest: Uint8Array }
  | { kind: "pruned"; digest: Uint8Array };

export type Label = string | Uint8Array;
export type Path = readonly Uint8Array[];

const separators = {
  empty: "\x11ic-hashtree-empty",
  fork: "\x10ic-hashtree-fork",
  labeled: "\x13ic-hashtree-labeled",
  leaf: "\x10ic-hashtree-leaf",
};

export const empty: HashTree = { kind: "empty", digest: digestOf("empty") };

export function leaf(value: Label): HashTree {
  const bytes = toBytes(value);
  return { kind: "leaf", value: bytes, digest: digestOf("leaf", bytes) };
}

/** A subtree from its children; those that are undefined are left out. */
export function treeOf(children: Iterable<readonly [Label, HashTree | undefined]>): HashTree {
  let tree = empty;
  for (const [label, child] of children) if (child) tree = insert(tree, label, child);
  return tree;
}

/** The tree with the child of this label inserted or replaced. */
export function insert(tree: HashTree, label: Label, child: HashTree): HashTree {
  const bytes = toBytes(label);
  const nearest = nearestLabel(tree, bytes);
  return nearest ? place(tree, bytes, child, firstDifference(nearest, bytes)) : labeled(bytes, child);
}

/** The tree without the child of this label. */
export function remove(tree: HashTree, label: Label): HashTree {
  const bytes = toBytes(label);
  if (tree.kind === "labeled") return compare(tree.label, bytes) === 0 ? empty : tree;
  if (tree.kind !== "fork") return tree;
  const side = bitOf(bytes, tree.bit) === 1 ? "right" : "left";
  const other = side === "right" ? tree.left : tree.right;
  const rest = remove(tree[side], bytes);
  if (rest.kind === "empty") return other;
  return side === "right" ? fork(other, rest, tree.bit) : fork(rest, other, tree.bit);
}

/** The subtree at a path, undefined when there is none. */
export function lookup(tree: HashTree, path: readonly Label[]): HashTree | undefined {
  const [head, ...tail] = path;
  if (head === undefined) return tree;
  const bytes = toBytes(head);
  let node = tree;
  while (node.kind === "fork") node = bitOf(bytes, node.bit) === 1 ? node.right : node.left;
  return node.kind === "labeled" && compare(node.label, bytes) === 0 ? lookup(node.tree, tail) : undefined;
}

/**
 * The tree pruned to the given paths. It keeps the digest, shows each path's whole
 * subtree, and of a path that leads nowhere shows the neighbouring labels, which proves the absence.
 */
export function witness(tree: HashTree, paths: readonly Path[]): HashTree {
  if (tree.kind === "empty" || paths.some((path) => path.length === 0)) return tree;
  const cut: HashTree = { kind: "pruned", digest: tree.digest };
  if (paths.length === 0) return cut;
  if (tree.kind === "labeled") {
    const inside = paths.filter((path) => compare(path[0]!, tree.label) === 0);
    return {
      ...tree,
      tree: witness(
        tree.tree,
        inside.map((path) => path.slice(1)),
      ),
    };
  }
  if (tree.kind !== "fork") return cut;
  const lastLeft = outerLabel(tree.left, "right");
  const firstRight = outerLabel(tree.right, "left");
  const left = witness(
    tree.left,
    paths.filter((path) => compare(path[0]!, firstRight) < 0),
  );
  const right = witness(
    tree.right,
    paths.filter((path) => compare(path[0]!, lastLeft) > 0),
  );
  return { ...tree, left, right };
}

type Encoded = [0] | [1, Encoded, Encoded] | [2, Uint8Array, Encoded] | [3, Uint8Array] | [4, Uint8Array];

/** The tree as the arrays that CBOR certificates hold. */
export function toArrays(tree: HashTree): Encoded {
  switch (tree.kind) {
    case "empty":
      return [0];
    case "fork":
      return [1, toArrays(tree.left), toArrays(tree.right)];
    case "labeled":
      return [2, tree.label, toArrays(tree.tree)];
    case "leaf":
      return [3, tree.value];
    case "pruned":
      return [4, tree.digest];
  }
}

/** Order of labels, and of equality: by bytes. */
export function compare(a: Uint8Array, b: Uint8Array): number {
  return Buffer.compare(a, b);
}

function labeled(label: Uint8Array, tree: HashTree): HashTree {
  return { kind: "labeled", label, tree, digest: digestOf("labeled", label, tree.digest) };
}

function fork(left: HashTree, right: HashTree, bit: number): HashTree {
  return { kind: "fork", left, right, bit, digest: digestOf("fork", left.digest, right.digest) };
}

/** @param at the first bit in which the label differs from its nearest in the tree, undefined when it is there */
function place(tree: HashTree, label: Uint8Array, child: HashTree, at: number | undefined): HashTree {
  if (tree.kind === "fork" && (at === undefined || tree.bit < at)) {
    return bitOf(label, tree.bit) === 1
      ? fork(tree.left, place(tree.right, label, child, at), tree.bit)
      : fork(place(tree.left, label, child, at), tree.right, tree.bit);
  }
  const added = labeled(label, child);
  if (at === undefined) return added;
  return bitOf(label, at) === 1 ? fork(tree, added, at) : fork(added, tree, at);
}

function nearestLabel(tree: HashTree, label: Uint8Array): Uint8Array | undefined {
  let node = tree;
  while (node.kind === "fork") node = bitOf(label, node.bit) === 1 ? node.right : node.left;
  return node.kind === "labeled" ? node.label : undefined;
}

function outerLabel(tree: HashTree, side: "left" | "right"): Uint8Array {
  let node = tree;
  while (node.kind === "fork") node = node[side];
  if (node.kind !== "labeled") throw new Error("a fork must lead to labels");
  return node.label;
}

function firstDifference(a: Uint8Array, b: Uint8Array): number | undefined {
  for (let bit = 0; bit <= 9 * Math.max(a.length, b.length); bit++) {
    if (bitOf(a, bit) !== bitOf(b, bit)) return bit;
  }
  return undefined;
}

/** Nine bits for each byte; the first marks that a byte follows, so a label sorts before those that it is a prefix of. */
function bitOf(label: Uint8Array, bit: number): number {
  const byte = label[Math.floor(bit / 9)];
  if (byte === undefined) return 0;
  const place = bit % 9;
  return place === 0 ? 1 : (byte >> (8 - place)) & 1;
}

/** The digest of a node that holds these parts. */
export function digestOf(kind: keyof typeof separators, ...parts: Uint8Array[]): Uint8Array {
  const sha256 = createHash("sha256").update(separators[kind], "latin1");
  for (const part of parts) sha256.update(part);
  return sha256.digest();
}

function toBytes(label: Label): Uint8Array {
  return typeof label === "string" ? Buffer.from(label) : label;
}
