// @ts-check
/**
 * Shaka Player, for HLS and DASH. Its debug build says on the console what it does not like.
 * @type {import("./page.js").Open}
 */
export async function openWithShaka(video, url, { codec, trouble }) {
  const { shaka } = /** @type {any} */ (globalThis);
  const player = new shaka.Player();
  player.addEventListener("error", (/** @type {{ detail: unknown }} */ { detail }) =>
    trouble(JSON.stringify(detail)),
  );
  player.configure({
    preferredVideo: [{ codec }],
    abr: { enabled: false },
    streaming: { bufferingGoal: 2, rebufferingGoal: 1 },
  });
  await player.attach(video);
  await player.load(url);
  /** @returns {{ height: number }[]} */
  const variants = () => player.getVariantTracks();
  return {
    heights: () => variants().map(({ height }) => height),
    use: (wanted) => player.selectVariantTrack(variants().find(({ height }) => height === wanted)),
    scrub: (rate) => player.trickPlay(rate),
  };
}
