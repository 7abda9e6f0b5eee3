import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import type { Manifest } from "../../src/transcode/manifest.ts";
import { transcode } from "../../src/transcode/transcode.ts";
import { clip, policy, scratch } from "./clip.ts";
import { coarse, fineFrames, nearest, type Turn } from "./small-frames.ts";
import { smallPicture } from "./small-picture.ts";
import { toneMapped } from "./tone-map.ts";

const media = process.env.KILN_TEST_MEDIA;
const skip = media ? false : "KILN_TEST_MEDIA names no folder of videos";
const folder = await scratch();

/** Of the folder of tone maps: every character that means something to ffmpeg's filter graphs. */
const oddName = "it's [a], b: 100%;c\\d";

/** How a real file stores its picture, read from it by hand; untagged colour is what the README of Kiln says. */
type Stored = {
  stream?: number;
  turn?: Turn;
  matrix: "709" | "170m" | "470bg" | "2020_ncl";
  range?: "limited" | "full";
  transfer?: "hlg" | "pq";
  /** ffmpeg's words for a clip that is made here; without them it is a real file. */
  make?: string;
};

/** Soft, so that halved chroma and two encodes change little of it; pale, so that all of it lies within BT.709. */
const hdr = (trc: string) =>
  [
    "-f lavfi -t 0.6 -i testsrc2=s=320x180:r=30,format=gbrp,eq=saturation=0.4:contrast=0.6,gblur=sigma=4",
    // Some versions of ffmpeg take the tags from the frames, others from the options.
    `-vf scale=out_color_matrix=bt2020:out_range=tv,format=yuv420p10le,setparams=range=tv:color_primaries=bt2020:color_trc=${trc}:colorspace=bt2020nc`,
    "-c:v libx265 -preset ultrafast -qp 6 -x265-params log-level=error",
    `-color_primaries bt2020 -color_trc ${trc} -colorspace bt2020nc`,
  ].join(" ");

const files: Record<string, Stored> = {
  "hlg.mp4": { make: hdr("arib-std-b67"), matrix: "2020_ncl", transfer: "hlg" },
  "pq.mp4": { make: hdr("smpte2084"), matrix: "2020_ncl", transfer: "pq" },
  "sample_edit_list.mp4": { turn: "right", matrix: "2020_ncl", transfer: "hlg" },
  "portrait_4k60.mp4": { turn: "right", matrix: "470bg", range: "full" },
  "mv_with_2_top_shots.mp4": { turn: "left", matrix: "709", range: "full" },
  "hdr10-video-with-sdr-container.mp4": { matrix: "2020_ncl", transfer: "pq" },
  "sample_rotate_and_reflect.mp4": { turn: "transposed", matrix: "709" },
  "8k24fps_300ms.mp4": { matrix: "709" },
  "bear-vp9-odd-dimensions.webm": { matrix: "170m" },
  "testsrc2_odd_height_and_width_444.mp4": { matrix: "170m" },
  "lpms-videotest.mp4": { matrix: "170m" },
  "lpms-vertical-sample.ts": { matrix: "170m" },
  "sample_fragmented.mp4": { matrix: "709" },
  "sample_with_invalid_nalu.mp4": { matrix: "709" },
  "lpms-missing-dts.ts": { matrix: "709" },
  "lpms-bad-cuvid.ts": { stream: 1, matrix: "709" },
  "nasa_13013.mp4": { stream: 3, matrix: "709" },
  "bbb_2500ms.ts": { matrix: "709" },
};

/** A frame of the output, and how many of the source's first ones it may be: a constant rate repeats and drops. */
const beginning = { frame: 0, sought: 3 };
const later = { frame: 6, sought: 12 };
/** This one opens in black, which looks the same however it is turned. */
const pastBlack = { frame: 40, sought: 48 };

/**
 * Levels of 8 bits. Half a level to two is what encoding at this size costs; a wrong range costs eight and more, a
 * wrong matrix seven on colourful content.
 */
const tolerance = 2.5;

for (const [name, stored] of Object.entries(files))
  test(`decoded frames beside the source's: ${name}`, {
    skip: stored.make === undefined && skip,
  }, async () => {
    const { stream = 0, turn = "none", matrix, range = "limited", transfer, make } = stored;
    const file = make === undefined ? join(media!, name) : await clip(folder, `source-${name}`, make);
    const out = join(folder, name);
    const manifest = await transcode(file, {
      out,
      policy: { ...policy, ladder: [480], verification: "packets", toneMaps: join(folder, oddName) },
    });
    const looked = [beginning, name === "bbb_2500ms.ts" ? pastBlack : later];
    const frames = looked[1]!.sought;
    /** Of the source, in BT.709; by nothing of the product. */
    const shown = async (first: number, count: number) => {
      const some = await fineFrames(["-i", file], { stream, matrix, range, first, frames: count });
      return some.map((frame) => coarse(transfer ? toneMapped(frame, transfer) : frame));
    };
    const reference = await shown(0, frames);
    const playlist = join(out, manifest.renditions[0]!.playlist);
    const made = await fineFrames(["-i", playlist], { stream: 0, matrix: "709", range: "limited", frames });
    for (const { frame, sought } of looked) {
      const found = nearest(coarse(made[frame]!), reference.slice(0, sought));
      assert.equal(found.turn, turn, `frame ${frame} is turned otherwise`);
      assert.ok(found.off < tolerance, `frame ${frame} differs by ${found.off} levels`);
      assert.ok(found.otherwise > 2 * found.off, `frame ${frame} looks the same when it is turned otherwise`);
    }
    for (const { what, second, picture } of await pictures(out, manifest)) {
      const near = Math.round(second * (manifest.source.frames / manifest.duration));
      const found = nearest(coarse(coarse(picture)), (await shown(Math.max(0, near - 12), 25)).map(coarse));
      assert.equal(found.turn, turn, `${what} is turned otherwise`);
      assert.ok(found.off < pictureTolerance, `${what} differs by ${found.off} levels`);
    }
  });

/** Up to 2.3 where there is detail, 4.1 for a saturated test pattern in a tile of 120 pixels. */
const pictureTolerance = 5;

/** The poster in every encoding, a tile of the storyboard, the first picture of the preview: and when each is shown. */
async function pictures(out: string, { posters, posterTime, storyboard, preview, duration }: Manifest) {
  const largest = posters.filter(({ width }) => width === posters[0]!.width);
  const { tileWidth: width, tileHeight: height, tiles, interval } = storyboard;
  // Past the beginning, which is often black.
  const tile = tiles >> 1;
  const part = { left: (tile % 10) * width, top: Math.floor(tile / 10) * height, width, height };
  /** Of what is two pixels wide nothing can be told. */
  const seen = (size: { width: number; height: number }) => Math.min(size.width, size.height) >= 5;
  return [
    ...(await Promise.all(
      largest.map(async ({ path, type }) => ({
        what: `the poster as ${type}`,
        second: posterTime,
        picture: await smallPicture(join(out, path)),
      })),
    )),
    ...(seen(part)
      ? [
          {
            what: "the storyboard",
            second: tile * interval,
            picture: await smallPicture(join(out, storyboard.sprite), part),
          },
        ]
      : []),
    ...(seen(preview)
      ? [
          {
            what: "the preview",
            second: Math.max(0, duration - 3) / 4,
            picture: await smallPicture(join(out, preview.path)),
          },
        ]
      : []),
  ];
}
