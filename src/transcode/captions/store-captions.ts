import { type StoredFile, storeContent, storeText } from "../base/stored-file.ts";
import type { Captions } from "./captions.ts";
import { writeWebVtt } from "./webvtt.ts";

/** Captions as playlists and manifests name them. */
export type CaptionTrack = {
  /** Unique: `en`, `en-2`. */
  name: string;
  language: string;
  /** For people, in the language itself: `English`. */
  label: string;
  file: StoredFile;
  playlist: StoredFile;
};

/**
 * Writes a WebVTT file and an HLS playlist for each.
 * @param duration of the video in seconds; what lies beyond it is left out
 */
export async function storeCaptions(
  all: readonly Captions[],
  { out, duration }: { out: string; duration: number },
): Promise<CaptionTrack[]> {
  const shown = all.filter(({ cues }) => cues.some(({ start }) => start < duration));
  return Promise.all(
    shown.map(async ({ language, cues }, index) => {
      const number = shown.slice(0, index).filter((other) => other.language === language).length + 1;
      const numbered = (name: string, between: string) =>
        number === 1 ? name : `${name}${between}${number}`;
      const name = numbered(language, "-");
      const file = await storeContent(out, `captions/${name}.vtt`, Buffer.from(writeWebVtt(cues, duration)));
      const playlist = await storeText(out, `captions/${name}.m3u8`, captionPlaylist(file, duration));
      return { name, language, label: numbered(labelOf(language), " "), file, playlist };
    }),
  );
}

/** The whole text as one segment. @source RFC 8216, 3.5: without a map, time 0 is that of the media */
function captionPlaylist({ path }: StoredFile, duration: number): string {
  return [
    "#EXTM3U",
    "#EXT-X-VERSION:6",
    `#EXT-X-TARGETDURATION:${Math.max(1, Math.ceil(duration))}`,
    "#EXT-X-MEDIA-SEQUENCE:0",
    "#EXT-X-PLAYLIST-TYPE:VOD",
    `#EXTINF:${duration},`,
    path.slice(path.lastIndexOf("/") + 1),
    "#EXT-X-ENDLIST",
    "",
  ].join("\n");
}

function labelOf(language: string): string {
  const name =
    language === "und" ? null : new Intl.DisplayNames([language], { type: "language" }).of(language);
  return (name ?? "Captions").replace(/["\n\r]/g, "");
}
