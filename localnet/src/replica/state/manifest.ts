import { z } from "zod";
import { uses } from "../../cycles/uses.ts";

const hex = z.string().regex(/^([0-9a-f]{2})*$/);
const bytes = z.codec(
  hex,
  z.custom<Uint8Array>((value) => value instanceof Uint8Array),
  {
    decode: (text) => new Uint8Array(Buffer.from(text, "hex")),
    encode: (value) => Buffer.from(value).toString("hex"),
  },
);
const natural = z.codec(z.string().regex(/^\d+$/), z.bigint(), {
  decode: (text) => BigInt(text),
  encode: (value) => value.toString(),
});

const pageFiles = z.array(z.object({ name: z.string().regex(/^[\w-]+$/), count: z.int().nonnegative() }));

const visibility = z.discriminatedUnion("kind", [
  z.object({ kind: z.literal("controllers") }),
  z.object({ kind: z.literal("public") }),
  z.object({ kind: z.literal("allowedViewers"), viewers: z.array(bytes) }),
]);

const settings = z.object({
  controllers: z.array(bytes),
  computeAllocation: natural,
  memoryAllocation: natural,
  freezingThreshold: natural,
  reservedCyclesLimit: natural,
  logVisibility: visibility,
  logMemoryLimit: natural.prefault("4096"),
  snapshotVisibility: visibility.default({ kind: "controllers" }),
  statusVisibility: visibility.default({ kind: "controllers" }),
  minimumCallCycles: natural.prefault("0"),
  environmentVariables: z.array(z.object({ name: z.string(), value: z.string() })).default([]),
  wasmMemoryLimit: natural,
  wasmMemoryThreshold: natural,
});

const lowMemoryHook = z.enum(["condition_not_satisfied", "ready", "executed"]);

const change = z.object({
  timestamp: natural,
  version: natural,
  origin: z.discriminatedUnion("kind", [
    z.object({ kind: z.literal("user"), id: bytes }),
    z.object({ kind: z.literal("canister"), id: bytes, version: natural.optional() }),
  ]),
  details: z.discriminatedUnion("kind", [
    z.object({ kind: z.enum(["creation", "controllersChange"]), controllers: z.array(bytes) }),
    z.object({ kind: z.literal("codeUninstall") }),
    z.object({
      kind: z.literal("codeDeployment"),
      mode: z.enum(["install", "reinstall", "upgrade"]),
      moduleHash: bytes,
    }),
    z.object({
      kind: z.literal("loadSnapshot"),
      canisterVersion: natural,
      snapshotId: bytes,
      takenAt: natural,
      source: z.enum(["taken", "uploaded"]),
    }),
  ]),
});

const stableFiles = z.object({ size: z.int().nonnegative(), files: pageFiles });

/** Globals as text, see globals.ts; memories in 64 KiB pages; chunks and module by their hashes. */
const snapshot = z.object({
  id: bytes,
  source: z.enum(["taken", "uploaded"]),
  takenAt: natural,
  canisterVersion: natural,
  module: hex,
  globals: z.array(z.object({ type: z.enum(["i32", "i64", "f32", "f64"]), value: z.string() })),
  heap: stableFiles,
  stable: stableFiles,
  chunks: z.array(hex),
  certifiedData: bytes,
  globalTimer: natural.optional(),
  lowMemoryHook: lowMemoryHook.optional(),
});

const canister = z.object({
  id: bytes,
  settings,
  status: z.enum(["running", "stopping", "stopped"]),
  cycles: natural,
  consumed: z
    .record(z.enum(uses), natural)
    .prefault(() => Object.fromEntries(uses.map((use) => [use, "0"])) as never),
  version: natural,
  certifiedData: bytes,
  globalTimer: natural,
  lowMemoryHook: lowMemoryHook.default("condition_not_satisfied"),
  history: z.object({ total: natural, changes: z.array(change) }).prefault({ total: "0", changes: [] }),
  log: z.array(z.object({ index: natural, timestamp: natural, content: bytes })),
  /** Hashes of chunks. */
  chunks: z.array(hex),
  program: z
    .object({
      /** SHA-256 of the module, as it was sent. */
      module: hex,
      /** In 64 KiB pages. */
      size: z.int().nonnegative(),
      /** Values of the mutable globals: integers with an `n` are 64 bits wide. */
      globals: z.array(z.string()),
      heap: pageFiles,
    })
    .optional(),
  stable: stableFiles,
  snapshots: z.array(snapshot).default([]),
  snapshotCount: natural.prefault("0"),
});

/** The state of all canisters at one moment; contents are in files of their own, named here. */
export const manifest = z.object({
  format: z.literal(1),
  /** Numbers of the canisters to be created next: of the root subnet, and of the others. */
  next: natural,
  others: z.array(natural).default([]),
  ledger: z.record(z.string(), natural).default({}),
  canisters: z.array(canister),
});

export type Manifest = z.output<typeof manifest>;
export type CanisterRecord = Manifest["canisters"][number];
export type SnapshotRecord = CanisterRecord["snapshots"][number];
