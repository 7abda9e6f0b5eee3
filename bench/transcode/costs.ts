import { execFile } from "node:child_process";
import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { z } from "zod";
import { programOf } from "../../src/transcode/base/programs.ts";
import { prepare } from "../../src/transcode/prepare.ts";
import { cpuSeconds } from "../cpu-seconds.ts";
import { median } from "../median.ts";
import { phoneClips } from "./clips.ts";
import { type Colors, handTuned, peerTube } from "./competitors.ts";

const run = promisify(execFile);
const staged = fileURLToPath(new URL("staged.ts", import.meta.url));

/** CPU seconds of each stage of one transcode; `start` is Node's own. */
const Stages = z.object({
  start: z.number(),
  probe: z.number(),
  encode: z.number(),
  package: z.number(),
  pictures: z.number(),
  verify: z.number(),
});
type Stages = z.infer<typeof Stages>;
const stageNames = Object.keys(Stages.shape) as (keyof Stages)[];

/** CPU seconds, medians of interleaved runs. */
export type Costs = {
  /** As `kiln transcode` does it by default. */
  kiln: Stages;
  /** Verification alone, when everything is decoded. */
  fullVerification: number;
  /** What the probe takes more when the ladder is fitted to the video. */
  perTitle: number;
  handTuned: number;
  /** One ffmpeg a rendition: with PeerTube's colours, and where the source is HDR tone-mapped, in two ways. */
  peerTube: number;
  peerTubeToneMapped: number | null;
  peerTubeToneMappedSmall: number | null;
};

/** Measures both clips, each program in turn in every run. */
export async function transcodeCosts(
  media: string,
  { runs, seconds }: { runs: number; seconds?: number },
): Promise<{ sdr: Costs; hdr: Costs }> {
  const folder = await mkdtemp(join(tmpdir(), "kiln-bench-"));
  try {
    const clips = await phoneClips(media, { folder, seconds });
    return { sdr: await costsOf(clips.sdr, folder, runs), hdr: await costsOf(clips.hdr, folder, runs) };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function costsOf(file: string, folder: string, runs: number): Promise<Costs> {
  const { plan } = await prepare(file, {});
  const hdr = plan.video.conversion.kind === "hdr";
  const place = join(folder, "scratch");
  const ffmpeg = async (args: readonly string[]) => {
    await mkdir(place);
    const seconds = await cpuSeconds(programOf("ffmpeg"), args);
    await rm(place, { recursive: true });
    return seconds;
  };
  const peerTubes = async (colors: Colors) => {
    let sum = 0;
    for (const rendition of plan.renditions)
      sum += await ffmpeg(peerTube(plan, rendition, { folder: place, colors }));
    return sum;
  };
  const measured: { [key in keyof Costs]: Costs[key][] } = {
    kiln: [],
    fullVerification: [],
    perTitle: [],
    handTuned: [],
    peerTube: [],
    peerTubeToneMapped: [],
    peerTubeToneMappedSmall: [],
  };
  for (let index = 0; index < runs; index++) {
    const plain = await stagesOf(file, place, {});
    const thorough = await stagesOf(file, place, { verification: "full", perTitle: "on" });
    measured.kiln.push(plain);
    measured.fullVerification.push(thorough.verify);
    measured.perTitle.push(thorough.probe - plain.probe);
    measured.handTuned.push(await ffmpeg(handTuned(plan, place)));
    measured.peerTube.push(await peerTubes("as they are"));
    measured.peerTubeToneMapped.push(hdr ? await peerTubes("tone-mapped") : null);
    measured.peerTubeToneMappedSmall.push(hdr ? await peerTubes("tone-mapped small") : null);
  }
  const stages = stageNames.map((name) => [name, median(measured.kiln.map((stage) => stage[name]))]);
  return {
    kiln: Stages.parse(Object.fromEntries(stages)),
    fullVerification: median(measured.fullVerification),
    perTitle: median(measured.perTitle),
    handTuned: median(measured.handTuned),
    peerTube: median(measured.peerTube),
    peerTubeToneMapped: hdr ? median(measured.peerTubeToneMapped.map(Number)) : null,
    peerTubeToneMappedSmall: hdr ? median(measured.peerTubeToneMappedSmall.map(Number)) : null,
  };
}

async function stagesOf(file: string, out: string, policy: object): Promise<Stages> {
  const { stdout } = await run(process.execPath, [staged, file, out, JSON.stringify(policy)]);
  await rm(out, { recursive: true });
  return Stages.parse(JSON.parse(stdout));
}
