import type { Command } from "commander";
import { contentFeatures } from "../../analysis/content-features.ts";
import { AnalysisSettings } from "../../analysis/settings.ts";
import { TypedError } from "../../base/typed-error.ts";
import { readSettings } from "../../config.ts";
import { writeContent } from "../../ml/datasets/content-file.ts";
import { MlSettings } from "../../ml/settings.ts";
import { readManifest } from "../../transcode/manifest.ts";
import { folderBlobStore } from "../../videos/folder-blob-store.ts";
import { VideoSettings } from "../../videos/settings.ts";
import { videoId } from "../../videos/video.ts";

type Options = { out?: string; json?: true };
type Described = { videos: Map<string, number[]>; leftOut: { folder: string; why: string }[] };

export default function features(command: Command): void {
  command
    .argument("[folders...]", "folders that kiln transcode wrote (default: all products in KILN_BLOBS)")
    .option("--out <file>", "where they go (default: KILN_CONTENT)")
    .option("--json", "print one JSON document on standard output")
    .addHelpText(
      "after",
      `
A JSON line a video: {"item":"<id>","features":[...]}, the moderation scores of its frames, and features of its picture and sound.
kiln train learns from that file (--content or KILN_CONTENT), and a serving kiln api places the videos in it that its
model does not know yet as soon as the file has changed.

Example:
  KILN_CONTENT=.kiln/features.jsonl ./kiln features`,
    )
    .action(async (folders: string[], options: Options) => {
      const out = options.out ?? readSettings(MlSettings).KILN_CONTENT;
      if (out === undefined)
        throw new TypedError("OUT_NOT_GIVEN", "name a file with --out, or set KILN_CONTENT");
      const { videos, leftOut } = await describe(folders.length > 0 ? folders : await products());
      await writeContent(out, videos);
      const summary = { out, videos: videos.size, leftOut };
      if (options.json) return void console.log(JSON.stringify(summary));
      console.log(`${videos.size} videos described in ${out}`);
      for (const { folder, why } of leftOut) console.error(`${folder} was left out: ${why}`);
    });
}

/** The newest finished product of each video. */
async function products(): Promise<string[]> {
  const blobs = await folderBlobStore(readSettings(VideoSettings).KILN_BLOBS);
  const folders: string[] = [];
  for (const video of await blobs.videos()) {
    const [newest] = await blobs.products(video);
    if (newest !== undefined) folders.push(blobs.productPath(video, newest));
  }
  return folders;
}

/** Numbers of different networks do not compare: only those of the one in the settings count. */
async function describe(folders: readonly string[]): Promise<Described> {
  const { KILN_MODERATION_MODEL: network } = readSettings(AnalysisSettings);
  const described: Described = { videos: new Map(), leftOut: [] };
  for (const folder of folders) {
    const { analysis, source } = await readManifest(folder);
    if (analysis === null)
      described.leftOut.push({ folder, why: "it was not analysed (KILN_MODERATION was off)" });
    else if (analysis.moderation.model !== network)
      described.leftOut.push({
        folder,
        why: `${analysis.moderation.model} has looked at it, not ${network} (KILN_MODERATION_MODEL)`,
      });
    else described.videos.set(videoId(source.sha256), contentFeatures(analysis.features));
  }
  return described;
}
