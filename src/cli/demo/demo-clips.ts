import { join } from "node:path";
import { runFfmpeg } from "../../transcode/base/ffmpeg.ts";

/** Landscape and portrait, with and without sound: a source of ffmpeg's own each, so that nothing is downloaded. */
const clips = [
  {
    name: "landscape-with-sound.mp4",
    picture: "testsrc2=size=1280x720:rate=30:duration=6",
    sound: "sine=frequency=330:beep_factor=4:duration=6",
  },
  {
    name: "portrait-with-sound.mp4",
    picture: "gradients=size=720x1280:rate=30:duration=5:speed=0.05:seed=7",
    sound: "aevalsrc='0.2*sin(2*PI*(220+40*t)*t)':duration=5:sample_rate=44100",
  },
  { name: "portrait-silent.mp4", picture: "mandelbrot=size=480x854:rate=25,trim=duration=4" },
];

/**
 * Writes a few short clips for a demonstration.
 * @param folder exists already
 * @returns their paths
 * @throws TypedError FFMPEG_MISSING
 */
export async function generateClips(folder: string, signal?: AbortSignal): Promise<string[]> {
  const paths: string[] = [];
  for (const { name, picture, sound } of clips) {
    const target = join(folder, name);
    const video = ["-map", "[v]", "-c:v", "libx264", "-preset", "ultrafast", "-crf", "20"];
    const audio = sound ? ["-map", "[a]", "-c:a", "aac", "-b:a", "128k"] : [];
    await runFfmpeg(
      {
        inputOptions: ["-f", "lavfi"],
        input: picture,
        filterGraph: `[0:v]format=yuv420p[v]${sound ? `;${sound}[a]` : ""}`,
        outputs: [{ options: [...video, ...audio], target }],
      },
      { signal, stallMs: 60_000 },
    );
    paths.push(target);
  }
  return paths;
}
