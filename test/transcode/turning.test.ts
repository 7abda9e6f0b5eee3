import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { test } from "node:test";
import { promisify } from "node:util";
import { argumentsOf } from "../../src/transcode/base/ffmpeg.ts";
import { programOf } from "../../src/transcode/base/programs.ts";
import { command } from "../../src/transcode/encode/command.ts";
import { prepare } from "../../src/transcode/prepare.ts";
import { pathOf } from "./cells.ts";
import { clip, policy, scratch } from "./clip.ts";
import { writeMatrix } from "./display-matrix.ts";

const run = promisify(execFile);
const folder = await scratch();

/** ISO/IEC 14496-12, 8.3.2: a, b, c, d of the display matrix, and what each asks for. */
const matrices = {
  upright: [1, 0, 0, 1],
  "turned right": [0, 1, -1, 0],
  "upside down": [-1, 0, 0, -1],
  "turned left": [0, -1, 1, 0],
  "mirrored left and right": [-1, 0, 0, 1],
  "mirrored top and bottom": [1, 0, 0, -1],
  transposed: [0, 1, 1, 0],
  "transposed the other way": [0, -1, -1, 0],
} as const;

/**
 * Frames that come from the card are turned by our own filters, ffmpeg's turning being off. Without a card the
 * same graph runs on frames in memory, with the two filters that only a card has taken out.
 */
for (const [name, matrix] of Object.entries(matrices))
  test(`turning of decoded frames equals ffmpeg's own: ${name}`, async () => {
    const file = await clip(
      folder,
      `${name.replaceAll(" ", "-")}.mp4`,
      "-f lavfi -i testsrc2=s=160x96:r=10:d=0.5 -c:v libx264 -preset ultrafast -qp 0 -pix_fmt yuv420p",
    );
    await writeMatrix(file, matrix);
    const { plan, policy: whole } = await prepare(file, { policy: { ...policy, ladder: [96] } });
    const frames = async (path: "software" | "nvdec") => {
      const list = argumentsOf(command(plan, pathOf(path), whole, folder));
      const own = [
        "-init_hw_device",
        "-filter_hw_device",
        "-hwaccel",
        "-hwaccel_device",
        "-hwaccel_output_format",
      ];
      const inMemory = list
        .filter((word, at) => !own.includes(word) && !own.includes(list[at - 1] ?? ""))
        .map((word) => word.replace(/scale_cuda=[^,]*,hwdownload,format=nv12,/, ""));
      const input = inMemory.slice(0, inMemory.indexOf("-y"));
      const [first] = inMemory[inMemory.indexOf("-filter_complex") + 1]!.split(",split=");
      const { stdout } = await run(programOf("ffmpeg"), [
        ...["-nostdin", "-v", "error", ...input, "-filter_complex", `${first}[out]`, "-map", "[out]"],
        ...["-f", "framemd5", "-"],
      ]);
      return stdout;
    };
    assert.equal(await frames("nvdec"), await frames("software"));
  });
