import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { programOf } from "../../src/transcode/base/programs.ts";

const run = promisify(execFile);
const quiet = ["-nostdin", "-v", "error", "-y"];

/**
 * Clips out of a phone's short one that is shown again and again: as it was filmed (1080p HEVC, 10 bits, HLG, turned
 * by 90 degrees, variable rate, sound), and as an upright one in H.264 and BT.709.
 * @param media folder that holds sample_edit_list.mp4
 * @param seconds in shorter ones the start of programs would count for more than it does in use
 */
export async function phoneClips(
  media: string,
  { folder, seconds = 15 }: { folder: string; seconds?: number | undefined },
): Promise<{ sdr: string; hdr: string }> {
  const hdr = await lasting(join(media, "sample_edit_list.mp4"), seconds, join(folder, "hdr.mp4"));
  const sdr = join(folder, "sdr.mp4");
  const toneMap =
    "zscale=t=linear:npl=203,format=gbrpf32le,zscale=p=bt709,tonemap=mobius:desat=0,zscale=t=bt709:m=bt709:r=tv";
  await run(programOf("ffmpeg"), [
    ...[...quiet, "-i", hdr, "-vf", `fps=30,${toneMap},format=yuv420p`],
    ..."-c:v libx264 -preset veryfast -crf 18 -c:a aac -color_range tv -colorspace bt709".split(" "),
    ...["-color_primaries", "bt709", "-color_trc", "bt709", sdr],
  ]);
  return { sdr, hdr };
}

/** A file's picture and sound again and again, not encoded again. */
export async function lasting(file: string, seconds: number, to: string): Promise<string> {
  const looped = ["-stream_loop", "-1", "-i", file, "-t", `${seconds}`];
  await run(programOf("ffmpeg"), [...quiet, ...looped, "-map", "0:v:0", "-map", "0:a:0", "-c", "copy", to]);
  return to;
}
