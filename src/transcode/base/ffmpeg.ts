import { type ChildProcess, execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import fluent from "fluent-ffmpeg";
import { TypedError } from "../../base/typed-error.ts";
import { GpuError, gpuFailure } from "./gpu-failure.ts";
import { missingProgram, programOf } from "./programs.ts";
import { RejectionError } from "./rejection.ts";
import { type Bounds, resourceLimits } from "./resource-limits.ts";

const withParent = fileURLToPath(new URL("./with-parent.sh", import.meta.url));
/** Lines of the log in an error message. */
const tailLines = 15;
const killAfterMs = 2_000;
/** Milliseconds: Node's timers end here (24.8 days). */
export const maxTimerMs = 2 ** 31 - 1;

/** ffmpeg's arguments in the order in which they are given: input, filter graph, outputs. */
export type FfmpegCommand = {
  inputOptions: readonly string[];
  input: string;
  /** Null when nothing is decoded but text. */
  filterGraph: string | null;
  outputs: readonly { options: readonly string[]; target: string }[];
};

/** ffmpeg's totals: of the source's main stream, and of what it wrote. */
export type FfmpegReport = {
  /** Frames that left the decoder; null when this ffmpeg does not report it. */
  decoded: number | null;
  /** Decoded frames of which the decoder made up a part. */
  concealed: number;
  /** Frames in every output. */
  frames: number;
};

/**
 * A source that gave some outputs no frame at all: it ends, or cannot be decoded, before their first one. Since ffmpeg 7
 * that is an error; the other outputs may lack their last frames then. Before, those outputs were empty files.
 */
export class EmptyOutputError extends RejectionError {
  /** Indices of the empty outputs in the command. */
  readonly outputs: readonly number[];
  /** What was counted until then. */
  readonly report: FfmpegReport;

  constructor(outputs: readonly number[], report: FfmpegReport, options: { cause?: unknown }) {
    super("CORRUPT", "a stream has no frame that can be decoded", options);
    this.outputs = outputs;
    this.report = report;
  }
}

/**
 * Options before `-i`: nothing that a viewer uploads makes ffmpeg open another file or a URL, and only
 * the demuxer that the magic bytes named may read it.
 */
export function hardened(demuxer: string): string[] {
  return ["-protocol_whitelist", "file", "-f", demuxer];
}

/** A path as ffmpeg's file protocol takes it, whatever characters it holds. */
export const fileUrl = (path: string): string => `file:${path}`;

/** An option's value within a filter graph: escaped as a value, then as a part of the graph. */
export const graphValue = (text: string): string =>
  text.replace(/[\\':]/g, "\\$&").replace(/[\\'[\],;]/g, "\\$&");

/** The whole argument list of a command. */
export function argumentsOf({ inputOptions, input, filterGraph, outputs }: FfmpegCommand): string[] {
  return [
    ...inputOptions,
    "-i",
    input,
    "-y",
    ...(filterGraph === null ? [] : ["-filter_complex", filterGraph]),
    ...outputs.flatMap(({ options, target }) => [...options, target]),
  ];
}

/**
 * Runs one ffmpeg process to its end.
 * @param onFrames frames written so far, several times a second
 * @param onLog lines of the log as they come; including what filters measured
 * @param stallMs milliseconds without progress after which ffmpeg is stopped
 * @param bounds limits on time, memory and file size; without them there are none
 * @throws RejectionError DISK_FULL, UNSUPPORTED_CODEC, CORRUPT
 * @throws EmptyOutputError
 * @throws GpuError when a GPU that the command uses fails
 * @throws TypedError ENCODE_TOO_SLOW, OUTPUT_TOO_LARGE, OUT_OF_MEMORY when it exceeds its bounds
 * @throws TypedError FFMPEG_MISSING, ENCODE_STALLED, ENCODE_FAILED with the last lines of the log
 * @throws the signal's reason when it is aborted; ffmpeg has ended by then
 */
export async function runFfmpeg(
  { inputOptions, input, filterGraph, outputs }: FfmpegCommand,
  {
    signal,
    stallMs,
    bounds,
    onFrames,
    onLog,
  }: {
    signal?: AbortSignal | undefined;
    stallMs: number;
    bounds?: Bounds;
    onFrames?: (frames: number) => void;
    onLog?: (line: string) => void;
  },
): Promise<FfmpegReport> {
  signal?.throwIfAborted();
  const command = uncheckedCommand().setFfmpegPath(withParent).input(input);
  const wrapper = [
    `--program=${programOf("ffmpeg")}`,
    ...(bounds ? [`--bounds=${resourceLimits(bounds).join(" ")}`] : []),
  ];
  // Spread, not an array: fluent-ffmpeg splits the elements of an array at spaces.
  command.inputOptions(...wrapper, ...inputOptions, ...logOptions);
  if (filterGraph !== null) command.complexFilter(filterGraph);
  for (const { options, target } of outputs) command.output(target).outputOptions(...options);

  const log: string[] = [];
  const report: FfmpegReport = { decoded: null, concealed: 0, frames: 0 };
  const emptiness: string[] = [];
  /** The progress of sound, which has no frames to count. */
  let outTime = "";
  const stalled = new AbortController();
  let watchdog: NodeJS.Timeout | undefined;
  const feed = () => {
    clearTimeout(watchdog);
    watchdog = setTimeout(() => stalled.abort(), stallMs);
  };
  command.on("stderr", (line: string) => {
    const frame = /^frame=\s*(\d+)/.exec(line);
    if (frame) {
      const frames = Number(frame[1]);
      if (frames <= report.frames) return;
      report.frames = frames;
      feed();
      onFrames?.(frames);
    } else if (/^out_time_us=/.test(line)) {
      if (line !== outTime) feed();
      outTime = line;
    } else if (!/^[a-z_0-9]+=\s*\S+$/.test(line)) {
      onLog?.(line);
      // Since ffmpeg 6 behind the name of the input: `[in#0/mov,mp4 @ 0x55]   Input stream #0:0 (video): ...`.
      const decoded = /^(?:\[in#[^\]]*\])?\s*Input stream #0:\d+ \(video\):.*; (\d+) frames decoded/.exec(
        line,
      );
      if (decoded) report.decoded = Math.max(report.decoded ?? 0, Number(decoded[1]));
      if (line.includes("corrupt decoded frame")) report.concealed++;
      if (/Could not open encoder before EOF|Task finished with error/.test(line)) emptiness.push(line);
      if (log.push(line) > 400) log.splice(0, 200);
    }
  });

  const overdue = new AbortController();
  const alarm = bounds && setTimeout(() => overdue.abort(), Math.min(bounds.seconds * 1000, maxTimerMs));
  const stop = AbortSignal.any([...(signal ? [signal] : []), stalled.signal, overdue.signal]);
  const ended = new Promise<Error | null>((resolve) => {
    command.once("end", () => resolve(null)).once("error", resolve);
  });
  // fluent-ffmpeg exposes the process only once it has started.
  command.once("start", () => {
    const { ffmpegProc } = command as unknown as { ffmpegProc: ChildProcess };
    onAbort(stop, () => terminate(ffmpegProc));
  });
  feed();
  command.run();
  const error = await ended;
  clearTimeout(watchdog);
  clearTimeout(alarm);
  signal?.throwIfAborted();
  if (bounds && overdue.signal.aborted)
    throw new TypedError(
      "ENCODE_TOO_SLOW",
      `ffmpeg took longer than ${bounds.seconds} s: raise KILN_ENCODE_SECONDS, or lower KILN_LADDER`,
    );
  if (stalled.signal.aborted)
    throw new TypedError("ENCODE_STALLED", `ffmpeg made no progress for ${stallMs / 1000} s\n${tail(log)}`);
  const empty = error ? emptyOutputs(emptiness) : [];
  if (empty.length > 0) throw new EmptyOutputError(empty, report, { cause: error });
  if (error) throw failure(log, error);
  return report;
}

/**
 * fluent-ffmpeg without its capability check: it parses `ffmpeg -formats` and `-encoders`, whose columns differ between
 * versions (since ffmpeg 7 it believes that lavfi is missing). Trial encodes find out what an ffmpeg can do.
 */
function uncheckedCommand() {
  return Object.assign(fluent({ stdoutLines: tailLines }), {
    _checkCapabilities: (done: () => void) => done(),
    // Consulted again, to add `-strict experimental` for experimental encoders.
    availableEncoders: (done: (error: null, encoders: fluent.Encoders) => void) => done(null, {}),
  });
}

/** At `verbose`, ffmpeg counts the frames it decoded; with `repeat`, it omits no message. */
const logOptions = ["-nostdin", "-hide_banner", "-nostats", "-v", "repeat+verbose", "-progress", "pipe:2"];

/**
 * Finds the outputs that got no frame in ffmpeg's log, if nothing else went wrong: an encoder also stays unopened when
 * the filters before it fail. Pure.
 * @returns their indices in the command
 */
export function emptyOutputs(log: readonly string[]): number[] {
  const output = (line: string) => Number(/^\[[av]ost#(\d+):/.exec(line)?.[1] ?? Number.NaN);
  const unopened = new Set(
    log.filter((line) => line.includes("Could not open encoder before EOF")).map(output),
  );
  const failed = log.filter((line) => line.includes("Task finished with error")).map(output);
  return failed.every((index) => unopened.has(index)) ? [...unopened] : [];
}

/** The error for a failed run, from ffmpeg's log. */
export function failure(log: readonly string[], cause: Error): TypedError {
  const all = log.join("\n");
  if (notStarted(Number(/exited with code (\d+)/.exec(cause.message)?.[1]))) return missingProgram("ffmpeg");
  if (/No space left on device/.test(all)) return new RejectionError("DISK_FULL", undefined, { cause });
  if (/SIGXFSZ/.test(cause.message) || /File too large/.test(all))
    return new TypedError("OUTPUT_TOO_LARGE", "ffmpeg wrote a file twice as large as its plan allows", {
      cause,
    });
  const gpu = gpuFailure(log);
  if (gpu !== null) return new GpuError(gpu, { cause });
  const decoder = /Decoder \((?:codec )?([^)]*)\) not found|Decoding requested, but no decoder found/.exec(
    all,
  );
  if (decoder)
    return new RejectionError(
      "UNSUPPORTED_CODEC",
      decoder[1] && `this ffmpeg has no decoder for ${decoder[1]}`,
      {
        cause,
      },
    );
  if (/Cannot determine format of input (stream )?\d/.test(all))
    return new RejectionError("CORRUPT", "no frame could be decoded", { cause });
  if (outOfMemory.test(all))
    return new TypedError(
      "OUT_OF_MEMORY",
      "ffmpeg needs more memory than it is allowed: raise KILN_ENCODE_MEMORY_BYTES, or lower KILN_MAX_PIXELS",
      { cause },
    );
  return new TypedError("ENCODE_FAILED", `ffmpeg failed: ${cause.message}\n${tail(log)}`, { cause });
}

/** The second message: there is no room for a thread's stack. */
const outOfMemory = /Cannot allocate memory|Resource temporarily unavailable|malloc of size \d+ failed/;

/** Exit codes of setsid(1) when the program is not there (127) or cannot be executed (126). */
const notStarted = (code: number | null) => code === 126 || code === 127;

const tail = (log: readonly string[]): string => log.slice(-tailLines).join("\n");

/**
 * Runs ffprobe and returns what it printed.
 * @param bounds what it may use; unlimited without them
 * @param maxBytes of output, against malicious files
 * @param cwd base of relative paths
 * @param onLog text that ffprobe prints as errors, even when it succeeds
 * @throws RejectionError CORRUPT when ffprobe cannot read the file, TOO_LONG when it prints too much
 * @throws TypedError FFMPEG_MISSING, PROBE_LIMIT when it was killed for its bounds
 */
export async function runFfprobe(
  args: readonly string[],
  {
    signal,
    bounds,
    maxBytes = 128 * 1024 ** 2,
    cwd,
    onLog,
  }: {
    signal?: AbortSignal | undefined;
    bounds?: { seconds: number; memoryBytes: number } | undefined;
    maxBytes?: number;
    cwd?: string;
    onLog?: (text: string) => void;
  },
): Promise<string> {
  signal?.throwIfAborted();
  const limit = bounds ? ["prlimit", ...resourceLimits({ ...bounds, fileBytes: null })] : [];
  const child = spawn(
    "setpriv",
    ["--pdeathsig", "KILL", ...limit, "setsid", programOf("ffprobe"), "-hide_banner", "-v", "error", ...args],
    { stdio: ["ignore", "pipe", "pipe"], ...(cwd === undefined ? {} : { cwd }) },
  );
  let late = false;
  const expire = () => {
    late = true;
    kill(child, "SIGKILL");
  };
  const alarm = bounds && setTimeout(expire, Math.min(bounds.seconds * 1000, maxTimerMs));
  onAbort(signal, () => terminate(child));
  const chunks: Buffer[] = [];
  const log: string[] = [];
  let bytes = 0;
  child.stdout.on("data", (chunk: Buffer) => {
    bytes += chunk.length;
    if (bytes > maxBytes) child.kill("SIGKILL");
    else chunks.push(chunk);
  });
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    onLog?.(text);
    if (log.push(text) > tailLines) log.shift();
  });
  const [code, signalled] = await once(child, "close");
  clearTimeout(alarm);
  signal?.throwIfAborted();
  if (late) throw new TypedError("PROBE_LIMIT", `ffprobe was killed after ${bounds!.seconds} s`);
  if (bytes > maxBytes) throw new RejectionError("TOO_LONG", "more packets than can be listed");
  if (notStarted(code)) throw missingProgram("ffprobe");
  // By the kernel, when the host is out of memory: nothing is known of the file then.
  if (signalled === "SIGKILL") throw new TypedError("PROBE_LIMIT", "ffprobe was killed");
  if (code !== 0) throw new RejectionError("CORRUPT", log.join("").trim().split(": ").at(-1));
  return Buffer.concat(chunks).toString("utf8");
}

/**
 * ffmpeg's own version: `5.1.9-0+deb12u1`.
 * @throws TypedError FFMPEG_MISSING
 */
export async function ffmpegVersion(signal?: AbortSignal): Promise<string> {
  try {
    const { stdout } = await promisify(execFile)(programOf("ffmpeg"), ["-version"], signal ? { signal } : {});
    return /^ffmpeg version (\S+)/.exec(stdout)?.[1] ?? "unknown";
  } catch (error) {
    signal?.throwIfAborted();
    if (["ENOENT", "EACCES", "ENOEXEC"].includes(`${(error as NodeJS.ErrnoException).code}`))
      throw missingProgram("ffmpeg");
    throw error;
  }
}

function onAbort(signal: AbortSignal | undefined, stop: () => void): void {
  if (signal?.aborted) stop();
  else signal?.addEventListener("abort", stop, { once: true });
}

/** SIGTERM, then SIGKILL, to the process group that `setsid` gave the process. */
function terminate(child: ChildProcess): void {
  const timer = setTimeout(() => kill(child, "SIGKILL"), killAfterMs);
  child.once("exit", () => clearTimeout(timer));
  kill(child, "SIGTERM");
}

function kill(child: ChildProcess, signal: NodeJS.Signals): void {
  if (child.pid === undefined || child.exitCode !== null) return;
  try {
    process.kill(-child.pid, signal);
  } catch {
    // Before `setsid` has run there is no group yet, only the process.
    child.kill(signal);
  }
}
