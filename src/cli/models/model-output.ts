import type { Activation } from "../../ml/registry/activation.ts";
import type { Registered } from "../../ml/registry/registered.ts";
import { type Registry, versionFolder } from "../../ml/registry/registry.ts";
import type { MetricRow, VersionManifest } from "../../ml/registry/version-manifest.ts";
import { formatBytes, printTable } from "../output.ts";

/** A version as a table. */
export function printVersion({ files, data, ...manifest }: VersionManifest, registry: Registry): void {
  const bytes = files.reduce((sum, file) => sum + file.bytes, 0);
  const days = data.from === null ? "" : `, ${data.from.slice(0, 10)} to ${data.to?.slice(0, 10)}`;
  printTable(
    [manifest.version, `${manifest.kind}, ${formatBytes(bytes)}, every checksum right`],
    [
      ["folder", versionFolder(registry, manifest.version)],
      ["created", manifest.createdAt],
      ["parent", manifest.parent ?? "none: trained from scratch"],
      ["engine", `${manifest.engine}, seed ${manifest.seed}`],
      [
        "data",
        `${data.source}: ${data.users} users, ${data.items} items, ${data.interactions} interactions${days}`,
      ],
      ["config", JSON.stringify(manifest.config)],
      ["measured by", manifest.split],
    ],
  );
  console.log();
}

/** The models of one or more manifests, a row each. */
export function metricTable(rows: readonly MetricRow[]): [string[], string[][]] {
  const metrics = [...new Set(rows.flatMap(({ full }) => Object.keys(full)))];
  const lists = [...new Set(rows.flatMap((row) => Object.keys(row.lists)))];
  return [
    ["model", "", "cases", ...metrics, ...lists],
    rows.map((row) => [
      row.model,
      row.role,
      `${row.cases}`,
      ...metrics.map((name) => figure(row.full[name]?.mean)),
      ...lists.map((name) => figure(row.lists[name])),
    ]),
  ];
}

/** Rows of name, first value, second value, for the settings that differ. */
export function configDifferences(one: Record<string, unknown>, two: Record<string, unknown>): string[][] {
  const names = [...new Set([...Object.keys(one), ...Object.keys(two)])];
  return names
    .map((name) => [name, JSON.stringify(one[name]) ?? "", JSON.stringify(two[name]) ?? ""])
    .filter(([, own, other]) => own !== other);
}

export const candidateOf = ({ metrics }: VersionManifest) => metrics.find(({ role }) => role === "candidate");

export const figure = (value: number | undefined) => value?.toFixed(4) ?? "";

/** The version that serves now, and the objections that were overruled. */
export function printActivation({ history }: Activation): void {
  const { version, by, objections } = history.at(-1)!;
  console.log(`${version} serves now (${by})`);
  for (const objection of objections) console.log(`against the gate: ${objection}`);
}

/** The version that a training was registered as, whether it serves, and the gate's reasons. */
export function printRegistered({ version, gate, promoted }: Registered): void {
  console.log(`registered as ${version}${promoted ? ", which serves now" : ""}`);
  for (const { passed, message } of gate.reasons) console.log(`${passed ? "ok" : "!!"} ${message}`);
}
