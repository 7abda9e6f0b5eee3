// @ts-check
/**
 * dash.js; it warns on the console.
 * @type {import("./page.js").Open}
 */
export async function openWithDash(video, url, { codec, trouble }) {
  const { MediaPlayer, Debug } = await import(
    /** @type {string} */ ("/libraries/dashjs/dist/modern/esm/dash.all.debug.js")
  );
  const player = MediaPlayer().create();
  player.updateSettings({
    debug: { logLevel: Debug.LOG_LEVEL_WARNING },
    streaming: {
      abr: { autoSwitchBitrate: { video: false } },
      buffer: { bufferTimeDefault: 2, bufferTimeAtTopQuality: 2, fastSwitchEnabled: false },
    },
  });
  player.on(MediaPlayer.events.ERROR, (/** @type {unknown} */ event) => trouble(JSON.stringify(event)));
  player.setCustomInitialTrackSelectionFunction((/** @type {{ codec: string }[]} */ tracks) => {
    const chosen = tracks.filter((track) => track.codec.includes(`"${codec}`));
    return chosen.length > 0 ? chosen : tracks;
  });
  const ready = new Promise((resolve) => player.on(MediaPlayer.events.STREAM_INITIALIZED, resolve));
  player.initialize(video, url, false);
  await ready;
  /** @returns {{ id: string, height: number }[]} */
  const representations = () => player.getRepresentationsByType("video");
  return {
    heights: () => representations().map(({ height }) => height),
    use: (wanted) => {
      const chosen = representations().find(({ height }) => height === wanted);
      player.setRepresentationForTypeById("video", chosen?.id);
    },
  };
}
