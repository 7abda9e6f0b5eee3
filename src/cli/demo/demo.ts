import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import type { Command } from "commander";
import { formatBytes, printTable } from "../output.ts";
import { aborted, stopSignal } from "../stop-signal.ts";
import { type ProgressView, showProgress } from "../videos/progress.ts";
import { generateClips } from "./demo-clips.ts";
import type { DemoFeed } from "./demo-feed.ts";
import { type DemoRow, type DemoSystem, startDemoSystem } from "./demo-system.ts";

type Options = { once?: true; json?: true };

/** With fewer videos there is no order to learn. */
const minVideos = 3;

export default function demo(command: Command): void {
  command
    .argument("[files...]", "videos; without any, a few short clips are generated")
    .option("--once", "fetch every file back, compare its SHA-256 with the one that was sent, and end")
    .option("--json", "print one JSON document on standard output")
    .addHelpText(
      "after",
      "\nExample:\n  ./kiln demo dance.mp4 --once\n\nWhen it ends, everything that it started is stopped and everything that it stored is deleted.",
    )
    .action(run);
}

async function run(files: string[], options: Options): Promise<void> {
  const signal = stopSignal();
  await using opened = new AsyncDisposableStack();
  const folder = await mkdtemp(join(tmpdir(), "kiln-demo-"));
  opened.defer(() => rm(folder, { recursive: true, force: true, maxRetries: 5 }));
  try {
    const chosen = files.length > 0 ? files : await generated(folder, signal);
    console.error("starting Redis, a local network with Kiln's canisters, and a worker...");
    const system = opened.use(await startDemoSystem(folder, signal));
    const rows = await processAll(system, chosen, options, signal);
    const published = rows.flatMap(({ id, status }) => (status === "published" ? [id!] : []));
    const feed = new Set(published).size >= minVideos ? await recommended(system, published, signal) : null;
    if (options.json) console.log(JSON.stringify({ videos: rows, feed }, null, 2));
    else print(rows, options);
    if (feed !== null && !options.json) printFeed(feed, rows);
    if (feed === null && published.length > 0)
      console.error(
        `no feed: with ${minVideos} videos or more the demo also trains a model and shows its order`,
      );
    if (feed !== null && (feed.feed.length === 0 || String(feed.feed) !== String(feed.index)))
      process.exitCode = 1;
    if (rows.some(({ status, verified }) => status === "failed" || verified === false)) process.exitCode = 1;
    if (options.once) return;
    console.error("\nThe pages stay up until Ctrl-C.");
    await aborted(signal);
    console.error("stopping...");
  } catch (error) {
    // A Ctrl-C during the work is not a failure.
    if (!signal.aborted) throw error;
    process.exitCode = 130;
  }
}

async function recommended(
  system: DemoSystem,
  published: readonly string[],
  signal: AbortSignal,
): Promise<DemoFeed> {
  console.error("a simulated audience watches them, a small model learns from it...");
  return await system.recommend([...new Set(published)], signal);
}

function printFeed({ version, objections, feed, index }: DemoFeed, rows: readonly DemoRow[]): void {
  const names = new Map(rows.map(({ id, file }) => [id, basename(file)]));
  console.log(`\n${gateSays(objections)}`);
  console.log(`The feed of model ${version}, over HTTP: ${feed.map((id) => names.get(id)).join(", ")}`);
  const same = String(feed) === String(index) ? "the same" : index.map((id) => names.get(id)).join(", ");
  console.log(`The content index canister serves: ${same}`);
}

/** A model of so few videos does not pass the gate: the output says so. */
const gateSays = (objections: readonly string[]) =>
  objections.length === 0
    ? "The model passed the gate."
    : `The gate would have held the model back (${objections.join("; ")}); the demo lets it serve all the same.`;

async function generated(folder: string, signal: AbortSignal): Promise<string[]> {
  console.error("no files named: generating a few short clips");
  return generateClips(folder, signal);
}

async function processAll(
  system: DemoSystem,
  files: readonly string[],
  { once }: Options,
  signal: AbortSignal,
): Promise<DemoRow[]> {
  const names = labels(files);
  using view: ProgressView = showProgress(names);
  return Promise.all(
    files.map(async (file, index) => {
      const name = names[index]!;
      const row = await system.process(file, (standing) => view.set(name, standing), signal);
      if (!once || row.status !== "published") {
        view.set(name, row.reason ? `${row.status}, ${row.reason}` : row.status);
        return row;
      }
      view.set(name, "fetching back");
      const verified = await system.verify(row, signal);
      view.set(name, verified ? "published, fetched back and compared" : "published, but not what was sent");
      return { ...row, verified };
    }),
  );
}

/** What the lines of progress are called: file names, and a number behind those that repeat. */
function labels(files: readonly string[]): string[] {
  const names = files.map((file) => basename(file));
  return names.map((name, index) => {
    const before = names.slice(0, index).filter((other) => other === name).length;
    return before > 0 ? `${name} (${before + 1})` : name;
  });
}

function print(rows: readonly DemoRow[], { once }: Options): void {
  console.log();
  printTable(
    ["video", "renditions", "bytes", "seconds", once ? "fetched back" : ""],
    rows.map((row) =>
      row.status === "published"
        ? [
            `${basename(row.file)}\n  ${row.url}`,
            row.renditions.map(({ name, width, height }) => `${name} ${width}x${height}`).join("\n"),
            formatBytes(row.bytes),
            row.seconds.toFixed(1),
            once ? (row.verified ? "the same SHA-256" : "DIFFERENT") : "",
          ]
        : [`${basename(row.file)}\n  ${row.status}: ${row.reason}`, "", "", row.seconds.toFixed(1), ""],
    ),
  );
}
