// @ts-check
import { openWithDash } from "./dash-player.js";
import { openWithHls } from "./hls-player.js";
import { openWithShaka } from "./shaka-player.js";

/**
 * A player under test: the heights of its pictures, and a choice for what is fetched from now on. `scrub` plays at
 * another rate by the playlist of keyframes.
 * @typedef {{ heights: () => number[], use: (height: number) => void, scrub?: (rate: number) => void }} Player
 * @typedef {{ codec: string, trouble: (...words: unknown[]) => void }} Options
 * @typedef {(video: HTMLVideoElement, url: string, options: Options) => Promise<Player>} Open
 */

/** @type {Record<string, Open>} */
const players = {
  "hls.js": openWithHls,
  shaka: openWithShaka,
  "dash.js": openWithDash,
  none: async (video, url) => {
    video.src = url;
    return { heights: () => [], use: () => {} };
  },
};

const video = /** @type {HTMLVideoElement} */ (document.querySelector("video"));
const stripes = 12;
const canvas = new OffscreenCanvas(stripes * 4, 4);
const pen = /** @type {OffscreenCanvasRenderingContext2D} */ (
  canvas.getContext("2d", { willReadFrequently: true })
);

/** The number that a picture shows: its stripes are bits, the lowest first. @param {CanvasImageSource} picture */
function numberOn(picture) {
  pen.drawImage(picture, 0, 0, canvas.width, canvas.height);
  const { data } = pen.getImageData(0, 2, canvas.width, 1);
  let number = 0;
  for (let bit = 0; bit < stripes; bit++) if (data[(bit * 4 + 2) * 4] > 127) number += 2 ** bit;
  return number;
}

/** @type {string[]} */
const troubles = [];
/** What was put on the screen: when it is due, which frame it is, its height. @type {{ time: number, number: number, height: number }[]} */
const frames = [];
/** Heights that are still to be asked for, each once the one before is seen. @type {number[]} */
let wanted = [];
/** @type {SourceBuffer[]} */
const buffers = [];
/** What was asked of the browser's decoders. @type {Set<string>} */
const types = new Set();
/** @type {Player} */
let player;

const { addSourceBuffer } = MediaSource.prototype;
MediaSource.prototype.addSourceBuffer = function (/** @type {string} */ type) {
  const buffer = addSourceBuffer.call(this, type);
  types.add(type);
  buffers.push(buffer);
  return buffer;
};

function see() {
  // Taken once: by now the video may be a frame further than what this call is about.
  const frame = new VideoFrame(video);
  const height = frame.displayHeight;
  frames.push({ time: frame.timestamp / 1e6, number: numberOn(frame), height });
  frame.close();
  if (wanted.length > 1 && height === wanted[0]) {
    wanted.shift();
    player.use(wanted[0]);
  }
  video.requestVideoFrameCallback(see);
}
video.requestVideoFrameCallback(see);
video.addEventListener("error", () => troubles.push(`video: ${video.error?.message}`));

/** @param {string} event */
const next = (event) => new Promise((resolve) => video.addEventListener(event, resolve, { once: true }));

/** @param {TimeRanges} ranges */
const ranges = (ranges) =>
  Array.from({ length: ranges.length }, (_, index) => [ranges.start(index), ranges.end(index)]);

/** What a test does in the page. */
export const underTest = {
  /** @param {string} name @param {string} url @param {string} codec */
  async open(name, url, codec) {
    const trouble = (/** @type {unknown[]} */ ...words) => troubles.push(words.map(String).join(" "));
    player = await players[name](video, url, { codec, trouble });
    return player.heights().toSorted((one, other) => one - other);
  },
  /** Plays to the end. @param {number[]} heights to switch to, one after the other @param {number} rate */
  async playThrough(heights, rate) {
    wanted = heights;
    if (heights[0] !== undefined) player.use(heights[0]);
    video.playbackRate = rate;
    const ended = next("ended");
    await video.play();
    await ended;
  },
  /**
   * The number of the frame that is shown at a time, whichever comes in the end.
   * @param {number} time @param {number} lasts seconds of a frame
   */
  async seek(time, lasts) {
    video.pause();
    video.currentTime = time;
    // The first of these events may be of an earlier seek, of the player's own.
    do await next("seeked");
    while (video.seeking);
    let number = -1;
    // What is drawn may still be the frame before.
    for (let tries = 0; tries < 100; tries++) {
      const frame = new VideoFrame(video);
      const start = frame.timestamp / 1e6;
      number = numberOn(frame);
      frame.close();
      if (start <= time && time < start + lasts) break;
      await new Promise(requestAnimationFrame);
    }
    return number;
  },
  /** Plays from a second before the end until the video has begun again. */
  async loop() {
    video.loop = true;
    await underTest.seek(video.duration - 1, 1);
    const before = frames.length;
    const restarted = next("seeked");
    await video.play();
    await restarted;
    while (frames.length === before || Number(frames.at(-1)?.number) > 60) await next("timeupdate");
    video.pause();
  },
  /** @param {number} rate */
  scrub: (rate) => player.scrub?.(rate),
  state: () => ({
    ended: video.ended,
    duration: video.duration,
    played: ranges(video.played),
    tracks: buffers.map(({ buffered }) => ranges(buffered)),
    types: [...types],
    frames,
    troubles,
  }),
};
Object.assign(globalThis, { underTest });
