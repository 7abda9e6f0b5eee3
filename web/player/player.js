// @ts-check
import { readStoryboard } from "./storyboard.js";

/**
 * Plays the page's HLS playlist: with the browser's own player on Apple's WebKit, with hls.js elsewhere.
 * Everything is fetched relative to the page, from the canister that serves it.
 */

/** @type {<Kind extends Element>(selector: string, kind: new () => Kind) => Kind} */
const find = (selector, kind) => {
  const element = document.querySelector(selector);
  if (!(element instanceof kind)) throw new Error(`the page lacks ${selector}`);
  return element;
};

const page = find("main", HTMLElement);
const video = find("video", HTMLVideoElement);
const tap = find(".tap", HTMLButtonElement);
const sound = find(".sound", HTMLButtonElement);
const position = find("input", HTMLInputElement);
const tile = find(".tile", HTMLElement);
const trouble = find(".trouble", HTMLElement);
const playlist = new URL(page.dataset.playlist ?? "", document.baseURI).href;
const library = new URL(page.dataset.library ?? "", document.baseURI).href;

/** WebKit plays HLS best by itself: it has ManagedMediaSource, or (older iPhones) no MediaSource at all. */
const native =
  video.canPlayType("application/vnd.apple.mpegurl") !== "" &&
  ("ManagedMediaSource" in window || !("MediaSource" in window));

/** Releases the video element; set while something is attached. @type {(() => void) | undefined} */
let detach;

/** @param {"waiting" | "loading" | "playing" | "paused" | "trouble"} state */
function show(state) {
  page.dataset.state = state;
  tap.setAttribute("aria-label", state === "playing" ? "Pause" : "Play");
  trouble.hidden = state !== "trouble";
  sound.hidden = !(state === "playing" && video.muted && page.dataset.sound === "present");
}

async function attach() {
  if (detach) return;
  if (native) {
    video.src = playlist;
    detach = () => video.removeAttribute("src");
    return;
  }
  const { default: Hls } = await import(library);
  if (!Hls.isSupported()) throw new Error("unsupported");
  // No worker: CMAF segments are passed through unchanged.
  const hls = new Hls({ enableWorker: false, capLevelToPlayerSize: true, maxBufferLength: 20 });
  let recovered = false;
  hls.on(
    Hls.Events.ERROR,
    (/** @type {unknown} */ _, /** @type {{ fatal: boolean, type: string }} */ error) => {
      if (!error.fatal) return;
      if (error.type === Hls.ErrorTypes.MEDIA_ERROR && !recovered) {
        recovered = true;
        hls.recoverMediaError();
      } else explain();
    },
  );
  hls.loadSource(playlist);
  hls.attachMedia(video);
  detach = () => hls.destroy();
}

/** @param {"muted" | "aloud"} how */
async function play(how) {
  show("loading");
  try {
    await attach();
  } catch {
    return explain();
  }
  video.muted = how === "muted";
  // Some browsers refuse before the first tap: the poster and the play button stay.
  await video.play().catch((error) => {
    if (error.name === "NotAllowedError") show("waiting");
  });
}

/** A message that says why nothing plays. */
async function explain() {
  const words = find(".trouble p", HTMLParagraphElement);
  words.textContent = await reason();
  show("trouble");
}

/** @returns {Promise<string>} */
async function reason() {
  if (!navigator.onLine) return "You are offline. The video goes on when you are back.";
  const answer = await fetch(playlist, { cache: "no-store" }).catch(() => undefined);
  if (answer === undefined) return "The network does not answer. Check your connection.";
  if (answer.status === 404 || answer.status === 410) return "This video is no longer available.";
  if (!answer.ok) return "The video cannot be loaded just now.";
  return native || "MediaSource" in window
    ? "The video could not be played."
    : "This browser is too old for this video.";
}

function retry() {
  const at = video.currentTime;
  detach?.();
  detach = undefined;
  video.addEventListener(
    "loadedmetadata",
    () => {
      video.currentTime = at;
    },
    { once: true },
  );
  play("aloud");
}

function toggle() {
  if (page.dataset.state === "waiting") play("aloud");
  else if (video.paused) play(video.muted ? "muted" : "aloud");
  else if (video.muted) mute("aloud");
  else video.pause();
}

/** @param {"muted" | "aloud"} how */
function mute(how) {
  video.muted = how === "muted";
  if (!video.paused) show("playing");
}

video.addEventListener("playing", () => show("playing"));
video.addEventListener("pause", () => show("paused"));
video.addEventListener("waiting", () => show("loading"));
// hls.js reports its own errors, with a second chance.
video.addEventListener("error", () => {
  if (native && video.error) explain();
});
video.addEventListener("timeupdate", () => {
  position.value = String(video.currentTime);
  position.style.setProperty("--played", `${(100 * video.currentTime) / Number(position.max)}%`);
});
position.addEventListener("input", () => {
  video.currentTime = Number(position.value);
  preview(video.currentTime);
});
position.addEventListener("pointermove", ({ offsetX }) => {
  const share = Math.min(1, Math.max(0, offsetX / position.clientWidth));
  preview(share * Number(position.max));
});
for (const event of ["pointerleave", "change", "blur"])
  position.addEventListener(event, () => {
    tile.hidden = true;
    previewed = undefined;
  });
tap.addEventListener("click", toggle);
sound.addEventListener("click", () => mute("aloud"));
find(".trouble button", HTMLButtonElement).addEventListener("click", retry);
/** Requested when the seek bar is first touched. @type {Promise<import("./storyboard.js").Tile[]> | undefined} */
let tiles;
/** The time whose picture should be shown, if any. @type {number | undefined} */
let previewed;

/** Shows the picture of a time above its position on the seek bar. @param {number} time */
async function preview(time) {
  const storyboard = page.dataset.storyboard;
  if (!storyboard) return;
  previewed = time;
  tiles ??= readStoryboard(new URL(storyboard, document.baseURI).href).catch(() => []);
  const all = await tiles;
  const shown = all.find(({ end }) => time < end) ?? all.at(-1);
  // The pointer may have left or moved on in the meantime.
  if (!shown || previewed !== time) return;
  const { image, left, top, width, height } = shown;
  tile.style.cssText = `width:${width}px;height:${height}px;background:url("${image}") -${left}px -${top}px`;
  const room = Math.max(0, position.clientWidth - width);
  const middle = (time / Number(position.max)) * position.clientWidth - width / 2;
  tile.style.left = `${Math.min(room, Math.max(0, middle))}px`;
  tile.hidden = false;
}

addEventListener("online", () => {
  if (!trouble.hidden) retry();
});
addEventListener("keydown", (event) => {
  if (event.key === "m") mute(video.muted ? "aloud" : "muted");
  else if (event.key === "k" || (event.key === " " && event.target === document.body)) toggle();
});

/** Whether it was playing when the page was hidden, so that it resumes when the viewer returns. */
let wasPlaying = false;
document.addEventListener("visibilitychange", () => {
  if (document.hidden) {
    wasPlaying = !video.paused;
    video.pause();
  } else if (wasPlaying) play(video.muted ? "muted" : "aloud");
});

const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
const saving = "connection" in navigator && /** @type {any} */ (navigator.connection)?.saveData;
if (!calm && !saving) play("muted");
