import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { after, before, test } from "node:test";
import { isDeepStrictEqual } from "node:util";
import { Cbor, type HashTree, reconstruct } from "@dfinity/agent";
import { Principal } from "@dfinity/principal";
import fc from "fast-check";
import { noise, sha256 } from "./files.ts";
import { type Library, type Mark, type Path, type Step, startLibrary } from "./library.ts";

let started: Awaited<ReturnType<typeof startLibrary>>;
let library: Library;
before(async () => {
  started = await startLibrary();
  library = started.library;
});
after(() => started[Symbol.asyncDispose]());

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString("hex");

test("SHA-256 of every length around the edges of a block", async () => {
  for (const length of [0, 1, 31, 55, 56, 57, 63, 64, 65, 119, 120, 127, 128, 129, 1000]) {
    const bytes = noise(`length ${length}`, length);
    const { streamed, joined } = await library.sha256([bytes]);
    assert.deepEqual([hex(streamed), hex(joined)], Array(2).fill(hex(sha256(bytes))), `${length} bytes`);
  }
});

// @source NIST, FIPS 180-4 example values
test("SHA-256 of the standard's examples", async () => {
  const examples = {
    abc: "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
    abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq:
      "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1",
  };
  for (const [text, expected] of Object.entries(examples)) {
    const { streamed } = await library.sha256([new TextEncoder().encode(text)]);
    assert.equal(hex(streamed), expected);
  }
});

test("SHA-256 does not depend on where the bytes are cut", async () => {
  const part = fc.uint8Array({ maxLength: 150 });
  await fc.assert(
    fc.asyncProperty(fc.array(part, { maxLength: 6 }), async (parts) => {
      const { streamed, joined } = await library.sha256(parts);
      const expected = createHash("sha256").update(Buffer.concat(parts)).digest("hex");
      assert.deepEqual([hex(streamed), hex(joined)], [expected, expected]);
    }),
    { numRuns: 30 },
  );
});

test("SHA-256 goes on from message to message", async () => {
  const parts = ["a", "b", "c"].map((seed) => noise(seed, 100));
  for (const part of parts) await library.keep(part);
  assert.equal(hex(await library.finish()), hex(sha256(Buffer.concat(parts))));
});

// Labels that are beginnings of each other, empty, and equal in their first bits.
const label = fc
  .constantFrom(..."_a_ab_abc_b_é_v_v1_v11_z".split("_"))
  .map((text) => new TextEncoder().encode(text));
const path = fc.array(label, { minLength: 3, maxLength: 3 });
const change = fc.tuple(path, fc.option(fc.uint8Array({ maxLength: 4 }), { freq: 4 }));
const key = (labels: Path) => labels.map(hex).join("/");

test("the tree holds what was inserted last, and its witnesses prove presence and absence", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(change, { maxLength: 60 }),
      fc.array(path, { maxLength: 5 }),
      async (changes, asked) => {
        const model = new Map<string, [Path, Uint8Array]>();
        for (const [labels, value] of changes)
          if (value) model.set(key(labels), [labels, value]);
          else model.delete(key(labels));

        const history = changes.map(([labels, value]): [Path, [] | [Uint8Array]] => [
          labels,
          value ? [value] : [],
        ]);
        const { root, witness } = await library.tree(history, asked);
        const tree = Cbor.decode<HashTree>(new Uint8Array(witness));
        assert.equal(hex(await reconstruct(tree)), hex(root));
        for (const labels of asked) {
          const expected = model.get(key(labels));
          assert.deepEqual(
            lookUp(tree, labels),
            expected ? { found: hex(expected[1]) } : "absent",
            key(labels),
          );
        }

        const direct = [...model.values()].reverse();
        const again = await library.tree(
          direct.map(([labels, value]) => [labels, [value]]),
          [],
        );
        assert.equal(hex(again.root), hex(root), "the same content has the same root hash");
      },
    ),
    { numRuns: 30 },
  );
});

test("removing a level removes what is below it", async () => {
  const at = (...labels: string[]) => labels.map((text) => new TextEncoder().encode(text));
  const value = new Uint8Array([1]);
  const kept: [Path, [Uint8Array]] = [at("b"), [value]];
  const { root } = await library.tree(
    [[at("a", "x", "1"), [value]], [at("a", "x", "2"), [value]], kept, [at("a", "x"), []]],
    [],
  );
  assert.equal(hex(root), hex((await library.tree([kept], [])).root));
});

test("extents never overlap, and all of the space comes back", async () => {
  const size = fc.bigInt({ min: 1n, max: 9n });
  // A pick frees one of those still allocated, the modulo deciding which.
  const action = fc.oneof(fc.record({ size }), fc.record({ pick: fc.nat() }));
  await fc.assert(
    fc.asyncProperty(fc.array(action, { maxLength: 60 }), async (actions) => {
      const steps: Step[] = [];
      const held: number[] = [];
      for (const what of actions) {
        if ("size" in what) held.push(steps.push({ allocate: what.size }) - 1);
        else if (held.length > 0) steps.push({ free: BigInt(held.splice(what.pick % held.length, 1)[0]!) });
      }
      const used = await library.extents(steps);
      const extents = held
        .map((number) => {
          const from = used.offsets[number]!;
          const step = steps[number]!;
          return { from, to: from + ("allocate" in step ? step.allocate : 0n) };
        })
        .sort((a, b) => Number(a.from - b.from));
      for (const [index, { from }] of extents.entries())
        assert.ok(index === 0 || from >= extents[index - 1]!.to, "two extents overlap");
      assert.equal(used.end, extents.at(-1)?.to ?? 0n, "the space ends with the last extent");

      const emptied = await library.extents([...steps, ...held.map((number) => ({ free: BigInt(number) }))]);
      assert.equal(emptied.end, 0n);
    }),
    { numRuns: 40 },
  );
});

// Canisters' ids are numbers and begin with the same bytes, people's are hashes; some are short.
const principal = fc
  .oneof(
    fc.nat({ max: 200 }).map((number) => [0, 0, 0, 0, 0, 0, number % 3, number, 1, 1]),
    fc.nat({ max: 200 }).map((number) => [...noise(`caller ${number}`, 29)]),
    fc.nat({ max: 5 }).map((length) => [...noise("short", length + 1)]),
  )
  .map((bytes) => Principal.fromUint8Array(Uint8Array.from(bytes)));
const mark = fc.record(
  {
    likes: fc.boolean(),
    hasShared: fc.boolean(),
    vote: fc.constantFrom<[] | [object]>([], [{ Hot: null }], [{ Not: null }]),
    watched: fc.nat({ max: 100 }),
  },
  { noNullPrototype: true },
);
const nothing: Mark = { likes: false, hasShared: false, vote: [], watched: 0 };

test("marks of a post: each principal has its latest one, in records of at most 64 principals", async () => {
  const written = fc.tuple(principal, fc.oneof({ weight: 4, arbitrary: mark }, fc.constant(nothing)));
  await fc.assert(
    fc.asyncProperty(fc.array(written, { minLength: 100, maxLength: 600 }), async (acts) => {
      const model = new Map(acts.map(([by, latest]) => [by.toText(), latest]));
      const readers = [...model.keys(), Principal.fromUint8Array(noise("nobody", 29)).toText()];
      const { marks, records, longest } = await library.marks(
        acts,
        readers.map((text) => Principal.fromText(text)),
      );
      const expected = readers.map((text) => {
        const latest = model.get(text) ?? nothing;
        return isDeepStrictEqual(latest, nothing) ? [] : [latest];
      });
      assert.deepEqual(marks, expected);
      assert.ok(longest <= 640n, `${longest} bytes`);
      // Each split leaves at least 32 principals on either side.
      assert.ok(Number(records) <= 1 + acts.length / 32, `${records} records after ${acts.length} acts`);
    }),
    { numRuns: 20, endOnFailure: true },
  );
});

/**
 * What a witness says of a path. The agent's own lookup_path compares labels of different beginnings wrongly
 * (3.4.3), so this follows the specification. @source IC interface specification, "Certification", "Lookup"
 */
function lookUp(tree: HashTree, [label, ...rest]: Path): { found: string } | "absent" | "unknown" {
  if (label === undefined) {
    if (tree[0] === 3) return { found: hex(tree[1] as Uint8Array) };
    return tree[0] === 4 ? "unknown" : "absent";
  }
  let hidden = false;
  for (const node of flatten(tree)) {
    if (node[0] === 4) hidden = true;
    if (node[0] !== 2) continue;
    const order = Buffer.compare(label, node[1] as Uint8Array);
    if (order === 0) return lookUp(node[2], rest);
    if (order < 0) break;
    hidden = false;
  }
  return hidden ? "unknown" : "absent";
}

function flatten(tree: HashTree): HashTree[] {
  if (tree[0] === 0) return [];
  return tree[0] === 1 ? [...flatten(tree[1]), ...flatten(tree[2])] : [tree];
}
