// @ts-check
/**
 * hls.js, with what it warns of.
 * @type {import("./page.js").Open}
 */
export async function openWithHls(video, url, { codec, trouble }) {
  const { default: Hls } = await import(/** @type {string} */ ("/libraries/hls.js/dist/hls.mjs"));
  const quiet = () => {};
  const loud = (/** @type {unknown[]} */ ...words) => {
    // It looks for captions in AV1 as if that were H.264.
    if (!String(words[0]).startsWith("Malformed SEI payload")) trouble(...words);
  };
  const hls = new Hls({
    debug: { debug: quiet, trace: quiet, log: quiet, info: quiet, warn: loud, error: loud },
    enableWorker: false,
    videoPreference: { videoCodec: codec },
    maxBufferLength: 2,
    maxMaxBufferLength: 2,
  });
  hls.on(Hls.Events.ERROR, (/** @type {string} */ _, /** @type {{ details: string }} */ { details }) => {
    // A busy machine, not a fault of the video.
    if (details !== Hls.ErrorDetails.BUFFER_STALLED_ERROR) trouble(details);
  });
  hls.attachMedia(video);
  hls.loadSource(url);
  await new Promise((resolve, reject) => {
    hls.once(Hls.Events.MANIFEST_PARSED, resolve);
    hls.on(
      Hls.Events.ERROR,
      (/** @type {string} */ _, /** @type {{ fatal: boolean, details: string }} */ error) => {
        if (error.fatal) reject(new Error(error.details));
      },
    );
  });
  /** @returns {{ height: number, videoCodec: string }[]} */
  const levels = () => hls.levels;
  return {
    heights: () =>
      levels()
        .filter(({ videoCodec }) => videoCodec.startsWith(codec))
        .map(({ height }) => height),
    use: (wanted) => {
      hls.nextLevel = levels().findIndex(
        ({ height, videoCodec }) => height === wanted && videoCodec.startsWith(codec),
      );
    },
  };
}
