import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { test } from "node:test";
import { codecs } from "../../src/transcode/base/codec.ts";
import { argumentsOf } from "../../src/transcode/base/ffmpeg.ts";
import { gpuFailure } from "../../src/transcode/base/gpu-failure.ts";
import { programOf } from "../../src/transcode/base/programs.ts";
import { command } from "../../src/transcode/encode/command.ts";
import { pathNames } from "../../src/transcode/gpu/encode-path.ts";
import { hlg, pathOf, planIn, policyFor } from "./cells.ts";
import { currentFfmpeg } from "./current-ffmpeg.ts";
import { type HelpOption, helpOf, illegal } from "./ffmpeg-help.ts";
import { source } from "./source.ts";

test("options: the check itself finds what does not exist and what is not legal", async () => {
  const h264 = (await helpOf(programOf("ffmpeg"), "encoder=h264_nvenc"))!;
  assert.equal(await helpOf(programOf("ffmpeg"), "encoder=h264_nvenk"), null);
  assert.equal(await helpOf(programOf("ffmpeg"), "filter=scale_kuda"), null);
  assert.equal(h264.get("cque"), undefined);
  assert.equal(illegal(h264.get("cq")!, "51"), null);
  assert.match(illegal(h264.get("cq")!, "52")!, /not between 0 and 51/);
  assert.match(illegal(h264.get("b_ref_mode")!, "most")!, /not among disabled, each, middle/);
  assert.match(illegal(h264.get("forced-idr")!, "yes")!, /neither/);
});

/** Every option of an encoder and of a filter that any cell of the matrix uses: "h264_nvenc -cq 25". */
function used() {
  const encoderOptions = new Set<string>();
  const filterOptions = new Set<string>();
  const sources = [
    source(),
    source({ ...hlg, rotation: 90 }),
    source({ rotation: 180, interlaced: true }),
    source({ rotation: 270, mirrored: true }),
  ];
  for (const path of pathNames)
    for (const codec of codecs)
      for (const profile of ["fast", "balanced", "quality"] as const)
        for (const from of sources) {
          const policy = { ...policyFor("720,360"), profile };
          const list = argumentsOf(command(planIn(codec, from, "720,360"), pathOf(path), policy, "/scratch"));
          for (const option of encoderOptionsOf(list)) encoderOptions.add(option);
          for (const option of filterOptionsOf(list[list.indexOf("-filter_complex") + 1]!))
            filterOptions.add(option);
        }
  return { encoderOptions: [...encoderOptions].toSorted(), filterOptions: [...filterOptions].toSorted() };
}

function encoderOptionsOf(list: readonly string[]): string[] {
  return list.flatMap((word, at) => {
    if (word !== "-c:v" || list[at + 1] === "rawvideo") return [];
    const options = list.slice(at + 2, list.indexOf("-fps_mode", at));
    return options.flatMap((name, index) =>
      index % 2 === 0 ? [`${list[at + 1]} ${name} ${options[index + 1]}`] : [],
    );
  });
}

/** Only options that are named: `scale=1280:720` gives none, `scale_cuda=w=1280` gives one. */
function filterOptionsOf(graph: string): string[] {
  const filters = graph.split(";").flatMap((chain) => chain.replace(/\[[^\]]*\]/g, "").split(/(?<!\\),/));
  return filters.flatMap((filter) => {
    const [, name, values = ""] = /^(\w+)=?(.*)$/.exec(filter)!;
    const named = values.split(":").filter((value) => /^[a-z]\w*=/.test(value));
    return [`${name}`, ...named.map((value) => `${name} ${value.replace("=", " ")}`)];
  });
}

/** Every use that an ffmpeg does not know; encoders and filters in `without` are not in its build. */
async function unknown(ffmpeg: string, without: readonly string[]): Promise<string[]> {
  const { encoderOptions, filterOptions } = used();
  const general = await helpOf(ffmpeg, "full");
  assert.ok(general);
  const topics = new Map<string, Map<string, HelpOption> | null>();
  const topic = async (kind: string, name: string) => {
    const key = `${kind}=${name}`;
    if (!topics.has(key)) topics.set(key, await helpOf(ffmpeg, key));
    return topics.get(key)!;
  };
  const found: string[] = [];
  const check = async (kind: string, use: string) => {
    const [name, option, value] = use.split(" ");
    if (without.includes(name!)) return;
    const own = await topic(kind, name!);
    if (own === null) found.push(`${kind} ${name} does not exist`);
    if (own === null || option === undefined) return;
    const plain = option.replace(/^-/, "").replace(/:v$/, "");
    // ffmpeg's own, described in other words: four characters, an expression, filters of packets.
    if (["tag", "force_key_frames", "bsf"].includes(plain)) return;
    const described = own.get(plain) ?? (kind === "encoder" ? general.get(plain) : undefined);
    const fault = described === undefined ? "does not exist" : illegal(described, value!);
    if (fault !== null) found.push(`${kind} ${use}: ${fault}`);
  };
  for (const use of encoderOptions) await check("encoder", use);
  for (const use of filterOptions) await check("filter", use);
  return found;
}

/** jellyfin's builds alone have it; a trial on the GPU shows whether it works. */
const nowhere = ["tonemap_cuda"];

test("options: every one exists, with a legal value, in the ffmpeg that Kiln starts", async () => {
  const missing = await notIn(programOf("ffmpeg"), ["av1_nvenc", "transpose_cuda", "bwdif_cuda"]);
  assert.deepEqual(await unknown(programOf("ffmpeg"), [...nowhere, ...missing]), []);
});

/** Of some encoders and filters, those that a build lacks: distributions differ. */
async function notIn(ffmpeg: string, names: readonly string[]): Promise<string[]> {
  const lacks = async (name: string) =>
    (await helpOf(ffmpeg, `encoder=${name}`)) === null && (await helpOf(ffmpeg, `filter=${name}`)) === null;
  const lacking = await Promise.all(names.map(lacks));
  return names.filter((_, index) => lacking[index]);
}

test("options: every one exists, with a legal value, in a current ffmpeg", async (context) => {
  const current = await currentFfmpeg();
  if ("missing" in current) return context.skip(current.missing);
  assert.deepEqual(await unknown(current.path, nowhere), []);
});

test("options: a current ffmpeg gets as far with the real command as to the missing CUDA library", async (context) => {
  const current = await currentFfmpeg();
  if ("missing" in current) return context.skip(current.missing);
  const decided = planIn("av1", source(), "720,360");
  const list = argumentsOf(command(decided, pathOf("nvdec+nvenc"), policyFor("720,360"), "/scratch"));
  const log = await new Promise<string>((resolve) =>
    execFile(current.path, ["-nostdin", ...list], (_, __, stderr) => resolve(stderr)),
  );
  const failure = gpuFailure(log.split("\n"));
  // On a machine with a driver it goes on to the source, which is not there.
  if (failure !== null) assert.equal(failure.code, "CUDA_LIBRARY_MISSING");
  else assert.match(log, /No such file or directory/);
});
