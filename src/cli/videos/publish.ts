import { basename, resolve } from "node:path";
import { gatewayUrl } from "@kiln/client/network/gateway-url";
import type { Command } from "commander";
import { AnalysisSettings, moderationOf } from "../../analysis/settings.ts";
import { readSettings } from "../../config.ts";
import { connect } from "../../ic/canisters/connection.ts";
import { IcSettings } from "../../ic/network/settings.ts";
import { type Published, publishVideo, videoUploadId } from "../../ic/publish/publish.ts";
import { allocateBucket } from "../../ic/upload/allocate-bucket.ts";
import { describeBandwidth, megabytesPerSecond } from "../../ic/upload/bandwidth.ts";
import { nextAttempt } from "../../ic/upload/next-attempt.ts";
import { type PublishCost, publishCost } from "../../ic/upload/publish-cost.ts";
import type { UploadProgress } from "../../ic/upload/upload-meter.ts";
import { manifestName, readManifest } from "../../transcode/manifest.ts";
import { videoId } from "../../videos/video.ts";
import { productSizes, readPublication } from "../../workers/stages/publication.ts";
import { requireVerdict } from "../../workers/stages/require-verdict.ts";

type Options = {
  id?: string;
  title?: string;
  host?: string;
  identity?: string;
  configuration?: string;
  storage?: string;
  index?: string;
  estimate?: true;
  json?: true;
};

export default function publish(command: Command): void {
  command
    .argument("<dir>", "the folder that kiln transcode wrote")
    .option("--id <id>", "the video's id in URLs (default: derived from the original's SHA-256)")
    .option("--title <title>", "shown to viewers (default: the folder's name)")
    .option("--host <url>", "URL of the network (KILN_IC_HOST; default: the running kiln localnet)")
    .option("--identity <pem>", "PEM file of the identity that publishes (KILN_IDENTITY)")
    .option("--configuration <principal>", "global_configuration (KILN_GLOBAL_CONFIGURATION_CANISTER)")
    .option(
      "--storage <principals>",
      "only these of its storage canisters, separated by commas (KILN_STORAGE_CANISTER)",
    )
    .option("--index <principal>", "the content index canister (KILN_CONTENT_INDEX_CANISTER)")
    .option("--estimate", "print the cost in cycles and dollars, and send nothing")
    .option("--json", "print one JSON document on standard output")
    .addHelpText(
      "after",
      "\nExample:\n  kiln transcode dance.mp4 --out dance && kiln publish dance --title Dance",
    )
    .action(async (dir: string, options: Options) => {
      if (options.estimate) return printEstimate(await estimate(dir), options);
      const published = await publishFolder(dir, options, process.stderr.isTTY ? drawProgress : undefined);
      if (options.json) console.log(JSON.stringify(documentOf(published)));
      else console.log(textOf(published));
    });
}

function documentOf({ url, entry, sentChunks, sentBytes, files, bandwidth }: PublishedFolder) {
  const { id, attempt } = entry;
  const speeds = bandwidth.map((each) => ({ ...each, megabytesPerSecond: megabytesPerSecond(each) }));
  return { id, attempt, url, files: files.length, sentChunks, sentBytes, bandwidth: speeds };
}

function textOf({ url, entry, sentChunks, sentBytes, files, bandwidth }: PublishedFolder): string {
  const sent = sentChunks === 0 ? "nothing was missing" : `${sentBytes} bytes sent`;
  const speeds = sentChunks === 0 ? [] : bandwidth.map(describeBandwidth);
  return [`published ${entry.id}: ${files.length} files, ${sent}`, ...speeds, url].join("\n");
}

type PublishedFolder = Published & { url: string };

async function publishFolder(
  dir: string,
  options: Options,
  onProgress: ((progress: UploadProgress) => void) | undefined,
): Promise<PublishedFolder> {
  const manifest = await readManifest(dir);
  if (moderationOf(readSettings(AnalysisSettings)) !== null) requireVerdict(manifest, dir);
  const settings = readSettings(IcSettings, {
    ...process.env,
    ...given({
      KILN_IC_HOST: options.host,
      KILN_IDENTITY: options.identity,
      KILN_GLOBAL_CONFIGURATION_CANISTER: options.configuration,
      KILN_STORAGE_CANISTER: options.storage,
      KILN_CONTENT_INDEX_CANISTER: options.index,
    }),
  });
  const { host, principal, buckets, index } = await connect(settings);
  const id = options.id ?? videoId(manifest.source.sha256);
  const title = options.title ?? basename(resolve(dir));
  const publication = await readPublication(dir, { id, attempt: 1, owner: principal, title });
  const entry = await index.get(id);
  const storage = await allocateBucket({
    buckets,
    uploadId: videoUploadId(id),
    bytes: sum(await sizesIn(dir)),
    known: entry?.storage,
  });
  const attempt = nextAttempt(publication, entry, await storage.uploadStatus(videoUploadId(id)));
  const published = await publishVideo({
    storage,
    index,
    publication: { ...publication, attempt },
    folder: dir,
    onProgress,
  });
  return { ...published, url: gatewayUrl(host, storage.canisterId, published.entry.player) };
}

/** Bytes of every file in the manifest, and of the manifest itself. */
async function sizesIn(dir: string): Promise<number[]> {
  const { files } = await readManifest(dir);
  const paths = [...files.map(({ path }) => ({ path })), { path: manifestName }];
  return [...(await productSizes(dir, { files: paths })).values()];
}

async function estimate(dir: string): Promise<PublishCost> {
  return publishCost(await sizesIn(dir));
}

function printEstimate(cost: PublishCost, { json }: Options): void {
  if (json) {
    console.log(JSON.stringify(cost));
    return;
  }
  const format = ({ cycles, dollars }: PublishCost["upload"]) =>
    `${(cycles / 1e9).toFixed(1)} billion cycles ($${dollars.toFixed(4)})`;
  console.log(
    `${cost.bytes} bytes: ${format(cost.upload)} to publish, ${format(cost.yearly)} a year to keep`,
  );
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}

/** Options override the environment. */
function given(values: Record<string, string | undefined>): Record<string, string> {
  return Object.fromEntries(Object.entries(values).filter((entry): entry is [string, string] => !!entry[1]));
}

function drawProgress({ phase, sentBytes, totalBytes, seconds, callsInFlight }: UploadProgress): void {
  const percent = phase === "done" || totalBytes === 0 ? 100 : Math.floor((100 * sentBytes) / totalBytes);
  const speed = megabytesPerSecond({ bytes: sentBytes, seconds }).toFixed(1);
  const line = `${phase.padEnd(6)} ${percent} % ${speed} MB/s, ${callsInFlight} calls in flight`;
  process.stderr.write(`\r${line.padEnd(50)}${phase === "done" ? "\n" : ""}`);
}
