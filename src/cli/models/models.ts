import { type Command, InvalidArgumentError } from "commander";
import { TypedError } from "../../base/typed-error.ts";
import { readSettings } from "../../config.ts";
import { type Activation, activate, previousVersion, readActivation } from "../../ml/registry/activation.ts";
import { garbage } from "../../ml/registry/garbage.ts";
import { gate } from "../../ml/registry/gate.ts";
import { registerDraft } from "../../ml/registry/register-draft.ts";
import {
  listVersions,
  type Registry,
  readVersion,
  removeLeftovers,
  removeVersion,
  verifyVersion,
} from "../../ml/registry/registry.ts";
import type { VersionManifest } from "../../ml/registry/version-manifest.ts";
import { MlSettings } from "../../ml/settings.ts";
import { printTable } from "../output.ts";
import {
  candidateOf,
  configDifferences,
  figure,
  metricTable,
  printActivation,
  printVersion,
} from "./model-output.ts";

type Options = { models?: string; json?: true };

/** A registration that takes longer has died. */
const abandonedMs = 24 * 3600 * 1000;

export default function models(command: Command): void {
  add(command, "list", "list all versions, oldest first, and which one serves").action(
    async (options: Options) => {
      const registry = registryOf(options);
      const active = (await readActivation(registry))?.active ?? null;
      const versions = await listVersions(registry);
      if (options.json) return printJson({ active, versions });
      if (versions.length === 0)
        return console.log(`no versions in ${registry.folder}: kiln train makes one`);
      printTable(
        ["", "version", "model", "engine", "interactions", "NDCG@10", "gate"],
        versions.map((manifest) => [
          manifest.version === active ? "*" : "",
          manifest.version,
          manifest.kind,
          manifest.engine,
          `${manifest.data.interactions}`,
          figure(candidateOf(manifest)?.full["NDCG@10"]?.mean),
          gate(manifest).passed ? "passes" : "held back",
        ]),
      );
    },
  );

  add(command, "register <draft>", "register a folder that kiln train wrote").action(
    async (draft: string, options: Options) => {
      const source = "given by hand";
      const manifest = await registerDraft(registryOf(options), draft, {
        source,
        parent: null,
        now: Date.now(),
      });
      if (options.json) printJson(manifest);
      else console.log(`registered as ${manifest.version}`);
    },
  );

  add(command, "show <version>", "describe a version, its metrics, and the decision of the gate").action(
    async (version: string, options: Options) => {
      const registry = registryOf(options);
      const manifest = await verifyVersion(registry, version);
      const judged = gate(manifest);
      if (options.json) return printJson({ manifest, gate: judged });
      printVersion(manifest, registry);
      printTable(...metricTable(manifest.metrics));
      for (const { passed, message } of judged.reasons) console.log(`${passed ? "ok" : "!!"} ${message}`);
    },
  );

  add(command, "compare <version> <other>", "show two versions side by side").action(
    async (version: string, other: string, options: Options) => {
      const registry = registryOf(options);
      const both = [await readVersion(registry, version), await readVersion(registry, other)];
      if (options.json) return printJson({ versions: both });
      const [one, two] = both as [VersionManifest, VersionManifest];
      if (one.data.sha256 !== two.data.sha256 || one.split !== two.split)
        console.log("They were measured on different data: their figures are not comparable.\n");
      const rows = both.flatMap(({ version, metrics }) =>
        metrics.filter(({ role }) => role === "candidate").map((row) => ({ ...row, model: version })),
      );
      printTable(...metricTable(rows));
      const differing = configDifferences(one.config, two.config);
      if (differing.length > 0) {
        console.log();
        printTable(["setting", one.version, two.version], differing);
      }
    },
  );

  add(command, "promote <version>", "activate a version if it passes the gate")
    .option("--force", "also when the gate holds it back")
    .action(async (version: string, { force, ...options }: Options & { force?: true }) => {
      const registry = registryOf(options);
      const { passed, reasons } = gate(await readVersion(registry, version));
      const objections = reasons.filter((reason) => !reason.passed).map(({ message }) => message);
      if (!passed && !force)
        throw new TypedError(
          "GATE_REFUSED",
          `${version} is not promoted: ${objections.join("; ")} (--force promotes it all the same)`,
        );
      report(options, await activate(registry, version, { by: "promote", objections, now: Date.now() }));
    });

  add(command, "rollback", "activate the version that served before").action(async (options: Options) => {
    const registry = registryOf(options);
    const version = previousVersion(await readActivation(registry));
    report(options, await activate(registry, version, { by: "rollback", objections: [], now: Date.now() }));
  });

  add(command, "gc", "remove old versions; keeps the active one, the one before it and their parents")
    .option("--keep <number>", "how many of the newest stay", wholeNumber, 5)
    .action(async ({ keep, ...options }: Options & { keep: number }) => {
      const registry = registryOf(options);
      const versions = await listVersions(registry);
      const removed = garbage(versions, inUse(await readActivation(registry)), keep);
      for (const version of removed) await removeVersion(registry, version);
      if (versions.length > 0) await removeLeftovers(registry, Date.now() - abandonedMs);
      if (options.json) printJson({ removed, kept: versions.length - removed.length });
      else console.log(`${removed.length} removed, ${versions.length - removed.length} kept`);
    });

  command.addHelpText(
    "after",
    "\nExample: ./kiln models list && ./kiln models promote 20261121T150212Z-0a1b2c3d",
  );
}

function add(command: Command, nameAndArguments: string, description: string): Command {
  return command
    .command(nameAndArguments)
    .description(description)
    .option("--models <folder>", "the registry (default: KILN_MODELS)")
    .option("--json", "print one JSON document on standard output");
}

const registryOf = ({ models }: Options): Registry => ({
  folder: models ?? readSettings(MlSettings).KILN_MODELS,
});

function inUse(activation: Activation | undefined): string[] {
  if (activation === undefined) return [];
  try {
    return [activation.active, previousVersion(activation)];
  } catch {
    return [activation.active];
  }
}

function report(options: Options, activation: Activation): void {
  if (options.json) printJson(activation);
  else printActivation(activation);
}

const printJson = (document: unknown): void => console.log(JSON.stringify(document));

function wholeNumber(text: string): number {
  if (/^\d+$/.test(text)) return Number(text);
  throw new InvalidArgumentError("expected a whole number");
}
