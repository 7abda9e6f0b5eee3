import { z } from "zod";

/** Time of registering in UTC and eight digits of what was registered: sorts by age, the same model twice differs. */
export const VersionName = z
  .string()
  .regex(/^\d{8}T\d{6}Z-[0-9a-f]{8}$/, "a version looks like 20261121T150212Z-0a1b2c3d");

const Sha256 = z.hash("sha256");
const Time = z.iso.datetime();
const Interval = z.object({ mean: z.number(), low: z.number(), high: z.number() });

/** One model's metrics on the held-out cases, which are the same for all rows of a manifest. */
export const MetricRow = z.object({
  model: z.string().min(1),
  /** `active`: a version that had served when this one was trained, first the one that did then. */
  role: z.enum(["candidate", "active", "baseline"]),
  cases: z.int().nonnegative(),
  /** HR@10, NDCG@10...: means over the whole catalogue with 95 % intervals. */
  full: z.record(z.string(), Interval),
  /** coverage, gini, novelty... of the lists that it would show. */
  lists: z.record(z.string(), z.number()),
  /** The candidate's NDCG@10 less this model's, paired over the same cases; absent for the candidate. */
  lead: Interval.optional(),
});
export type MetricRow = z.infer<typeof MetricRow>;

/** What is known of a model before it is registered. */
export const VersionFacts = z.object({
  /** Which model, as `loadRecommender` knows it. */
  kind: z.string().min(1),
  /** What it was trained on. */
  data: z.object({
    source: z.string().min(1),
    /** Of the first and the last interaction; null where the source has no times. */
    from: Time.nullable(),
    to: Time.nullable(),
    users: z.int().nonnegative(),
    items: z.int().nonnegative(),
    interactions: z.int().nonnegative(),
    sha256: Sha256,
  }),
  /** Hyper-parameters. */
  config: z.record(z.string(), z.unknown()),
  seed: z.int(),
  engine: z.string().min(1),
  /** The version whose weights it started from. */
  parent: VersionName.nullable(),
  /** How cases were held out: `time`, `leave-last-out`. */
  split: z.string().min(1),
  metrics: z.array(MetricRow),
  /** Versions that had served and could not be evaluated beside it. */
  uncompared: z.array(z.object({ version: VersionName, reason: z.string() })).optional(),
});
export type VersionFacts = z.infer<typeof VersionFacts>;

/** manifest.json of a version. */
export const VersionManifest = VersionFacts.extend({
  schema: z.literal(1),
  version: VersionName,
  createdAt: Time,
  /** Every other file of the folder, by path. */
  files: z
    .array(
      z.object({
        path: z.string().regex(/^[\w-][\w.-]*(\/[\w-][\w.-]*)*$/, "a relative path of plain names"),
        bytes: z.int().nonnegative(),
        sha256: Sha256,
      }),
    )
    .min(1),
});
export type VersionManifest = z.infer<typeof VersionManifest>;

export const versionManifestName = "manifest.json";
