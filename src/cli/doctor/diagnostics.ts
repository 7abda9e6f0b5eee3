import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { statfs } from "node:fs/promises";
import { availableParallelism, totalmem } from "node:os";
import { dirname, resolve } from "node:path";
import { promisify } from "node:util";
import { TypedError } from "../../base/typed-error.ts";
import { readSettings } from "../../config.ts";
import type { EngineName } from "../../ml/engines/engine.ts";
import { probeEngines } from "../../ml/engines/probe-engines.ts";
import { MlSettings } from "../../ml/settings.ts";
import { connectRedis, redisWarnings } from "../../queues/connection.ts";
import { QueueSettings } from "../../queues/settings.ts";
import { adviceFor, programOf } from "../../transcode/base/programs.ts";
import { encodersTried, trialEncode } from "../../transcode/gpu/trial-encode.ts";
import { VideoSettings } from "../../videos/settings.ts";
import { formatBytes } from "../output.ts";
import { absent, bad, type Finding, good } from "./finding.ts";
import { gpuFindings } from "./gpu-findings.ts";

const run = promisify(execFile);
const oldestFfmpeg = 5.1;
const comfortableMemory = 4e9;
const comfortableDisk = 10e9;

/** Checks everything that Kiln uses on this machine. Changes nothing except what is remembered of a GPU. */
export async function diagnose(): Promise<Finding[]> {
  const checks = [node, ffmpeg, encoders, gpus, redis, memory, disk, engines, browser];
  return (await Promise.all(checks.map((check) => check()))).flat();
}

function node(): Finding[] {
  const found = `${process.versions.node} (${process.execPath})`;
  return Number.parseInt(process.versions.node, 10) >= 24
    ? [good("Node.js", found)]
    : [bad("Node.js", found, "run ./kiln, which brings Node.js 24")];
}

async function ffmpeg(): Promise<Finding[]> {
  return Promise.all(
    (["ffmpeg", "ffprobe"] as const).map(async (program) => {
      const version = await firstLine(programOf(program), ["-version"]);
      const number = Number.parseFloat(/version n?(\d+\.\d+)/.exec(version ?? "")?.[1] ?? "NaN");
      if (!version?.startsWith(`${program} version`))
        return bad(program, `${programOf(program)} cannot be run`, adviceFor(program));
      if (number < oldestFfmpeg)
        return bad(program, `${number}`, `Kiln needs ${oldestFfmpeg} or newer: upgrade the distribution`);
      return good(program, Number.isNaN(number) ? version : `${number}`);
    }),
  );
}

const purpose: Record<keyof typeof encodersTried, string> = {
  libx264: "every video is encoded with it: install an ffmpeg that has it (Debian's does)",
  aac: "every sound track is encoded with it: install an ffmpeg that has it (Debian's does)",
  libx265: "would allow HEVC in software",
  libsvtav1: "would allow AV1 in software",
};

async function encoders(): Promise<Finding[]> {
  const findings: Finding[] = [];
  for (const name of Object.keys(encodersTried) as (keyof typeof encodersTried)[]) {
    const what = `encoder ${name}`;
    const required = name === "libx264" || name === "aac";
    try {
      const trial = await trialEncode(name);
      if (trial.works) findings.push(good(what, "encodes"));
      else findings.push((required ? bad : absent)(what, trial.reason, purpose[name]));
    } catch (error) {
      if (!(error instanceof TypedError)) throw error;
      findings.push((required ? bad : absent)(what, "not tried: no ffmpeg", purpose[name]));
    }
  }
  return findings;
}

async function gpus(): Promise<Finding[]> {
  try {
    return await gpuFindings();
  } catch (error) {
    if (!(error instanceof TypedError)) throw error;
    return [bad("GPU", `${error.code}: ${error.message}`, "its trials could not be made or kept")];
  }
}

async function redis(): Promise<Finding[]> {
  const { KILN_REDIS_URL: url } = readSettings(QueueSettings);
  const program = await firstLine("redis-server", ["--version"]);
  const findings = [
    program === undefined
      ? absent(
          "redis-server",
          "not found",
          "kiln demo and the tests start their own: apt-get install redis-server",
        )
      : good("redis-server", /v=(\S+)/.exec(program)?.[1] ?? program),
  ];
  try {
    const connection = await connectRedis(url);
    const warnings = await redisWarnings(connection);
    connection.disconnect();
    findings.push(
      warnings.length === 0
        ? good("Redis for workers", "answers")
        : bad("Redis for workers", warnings.join("; "), "set it in redis.conf and with CONFIG SET"),
    );
  } catch (error) {
    const { message } = error as Error;
    const isNamed = Boolean(process.env.KILN_REDIS_URL);
    findings.push(
      (isNamed ? bad : absent)("Redis for workers", message, "only kiln worker and kiln enqueue need it"),
    );
  }
  return findings;
}

/** What this process may use: the control group's limit inside a container, otherwise the machine's memory. */
function memory(): Finding[] {
  const bytes = process.constrainedMemory() || totalmem();
  const usable = Math.min(bytes, totalmem());
  const found = `${formatBytes(usable)}, ${availableParallelism()} cores`;
  return usable >= comfortableMemory
    ? [good("memory", found)]
    : [
        bad(
          "memory",
          found,
          `encoding 4K video takes about ${formatBytes(comfortableMemory)}: set KILN_MAX_PIXELS lower`,
        ),
      ];
}

async function disk(): Promise<Finding[]> {
  const { KILN_BLOBS } = readSettings(VideoSettings);
  const folder = resolve(KILN_BLOBS);
  const { bavail, bsize } = await statfs(nearestExisting(folder));
  const free = bavail * bsize;
  return free >= comfortableDisk
    ? [good("disk", `${formatBytes(free)} free for ${folder}`)]
    : [
        bad(
          "disk",
          `${formatBytes(free)} free for ${folder}`,
          "make room, or point KILN_BLOBS to a larger disk",
        ),
      ];
}

function nearestExisting(folder: string): string {
  return existsSync(folder) ? folder : nearestExisting(dirname(folder));
}

async function engines(): Promise<Finding[]> {
  return (await probeEngines(readSettings(MlSettings).KILN_TENSORFLOW)).map((probe) => {
    const what = `engine ${probe.name}`;
    return "device" in probe ? good(what, probe.device) : absent(what, probe.reason, engineGains[probe.name]);
  });
}

const engineGains: Record<EngineName, string> = {
  tensorflow: "would train models 10 to 25 times faster than wasm: ./kiln engine install tensorflow",
  webgpu: "would train models on a GPU of any make",
  wasm: "trains and serves models where no other engine works: ./kiln engine list shows more",
};

async function browser(): Promise<Finding[]> {
  return (await firstLine("chromium", ["--version"])) === undefined
    ? [absent("Chromium", "not found", "only kiln test needs it: apt-get install chromium")]
    : [good("Chromium", "found")];
}

/** Undefined when the program is not there; what it printed counts also when it exits with an error. */
async function firstLine(program: string, args: string[]): Promise<string | undefined> {
  try {
    return (await run(program, args)).stdout.split("\n")[0] ?? "";
  } catch (error) {
    return typeof (error as NodeJS.ErrnoException).code === "string" ? undefined : "";
  }
}
