import { resolve } from "node:path";
import type { Command } from "commander";
import { readSettings } from "../../config.ts";
import { RejectionError } from "../../transcode/base/rejection.ts";
import { type Limits, limitsOf, readingOf, TranscodeSettings } from "../../transcode/base/settings.ts";
import { durationsAgree } from "../../transcode/probe/durations.ts";
import { type Probe, probe } from "../../transcode/probe/probe.ts";
import { screen } from "../../transcode/probe/screen.ts";
import { formatBytes, printJson, printRejection, printTable } from "../output.ts";
import { stopSignal } from "../stop-signal.ts";

export default function (command: Command): void {
  command
    .argument("<file>", "video file")
    .option("--motion-photo", "take the video inside a photo (HEIC)")
    .option("--json", "print one JSON document")
    .addHelpText("after", "\nExample: ./kiln probe holiday.mov")
    .action(async (file: string, options: { json?: true; motionPhoto?: true }) => {
      const settings = readSettings(TranscodeSettings);
      const limits = limitsOf(settings);
      try {
        const found = await probe(resolve(file), {
          ...limits,
          ...(options.motionPhoto && { motionPhotos: "accepted" as const }),
          reading: readingOf(settings),
          signal: stopSignal(),
        });
        const verdict = verdictOn(found, limits);
        if (options.json) printJson({ ...verdict, probe: found });
        else print(found, verdict);
        if (verdict.status === "rejected") process.exitCode = 1;
      } catch (error) {
        if (!options.json || !(error instanceof RejectionError)) throw error;
        printRejection(error);
      }
    });
}

function timeOf(video: NonNullable<Probe["video"]>): string {
  const agree = durationsAgree(video);
  const other =
    agree === null
      ? `no second opinion (${video.secondOpinionMissing})`
      : `second opinion ${video.otherDuration!.toFixed(3)} s${agree ? "" : ", so they disagree"}`;
  return `${video.timing.duration.toFixed(3)} s, from ${video.start.toFixed(3)} s on; ${other}`;
}

type Verdict = { status: "taken" } | { status: "rejected"; reason: string; message: string };

function verdictOn(found: Probe, limits: Limits): Verdict {
  try {
    screen(found, limits);
    return { status: "taken" };
  } catch (error) {
    if (!(error instanceof RejectionError)) throw error;
    return { status: "rejected", reason: error.code, message: error.message };
  }
}

function print(
  { container, bytes, video, audio, undecodableSound, captions, lostCaptions }: Probe,
  verdict: Verdict,
): void {
  const color = (name: string | null) => name ?? "untagged";
  printTable(
    ["what", "found"],
    [
      ["container", `${container.name}, ${formatBytes(bytes)}`],
      ...(video === null
        ? [["video", "none"]]
        : [
            ["video", `stream ${video.index}: ${video.codec}, ${color(video.pixelFormat)}`],
            ["size", `${video.width}x${video.height}, pixel aspect ${video.pixelAspect.toFixed(3)}`],
            ["orientation", `${video.rotation} degrees clockwise${video.mirrored ? ", mirrored" : ""}`],
            ["frames", `${video.timing.packets}${video.interlaced ? ", interlaced" : ""}`],
            [
              "rate",
              `${video.timing.rate.toFixed(3)} a second, ${video.timing.constant ? "constant" : "variable"}`,
            ],
            ["declared rate", video.declaredRate.toFixed(3)],
            ["time", timeOf(video)],
            ["matrix", color(video.color.matrix)],
            ["transfer", color(video.color.transfer)],
            ["primaries", color(video.color.primaries)],
            ["range", color(video.color.range)],
          ]),
      [
        "sound",
        audio === null
          ? ["none", ...undecodableSound.map((codec) => `${codec} cannot be decoded`)].join(", ")
          : `stream ${audio.index}: ${audio.codec}, ${audio.channels} channels, ${audio.sampleRate} Hz`,
      ],
      [
        "captions",
        [
          ...captions.map(
            ({ index, codec, language }) => `stream ${index}: ${codec}, ${language ?? "no language"}`,
          ),
          ...lostCaptions.map((codec) => `${codec} cannot be kept`),
        ].join("; ") || "none",
      ],
      ["verdict", verdict.status === "taken" ? "taken" : `${verdict.reason}: ${verdict.message}`],
    ],
  );
}
