import type { StoredFile } from "../base/stored-file.ts";
import { perSecond } from "../plan/frame-rate.ts";
import type { EncodePlan } from "../plan/plan.ts";
import { masterOf, mediaPlaylist, playlistPath, type Variant } from "./hls.ts";
import type { Segment } from "./package.ts";
import type { GrowingPlaylist, ReadySegment } from "./progressive.ts";

/** A track of which some segments have been handed on. */
type Growing = { name: string; codec: string; init: StoredFile; segments: Segment[] };

const master = "master.m3u8";

/**
 * HLS playlists of what has been handed on so far, to be served while the encode runs. They never name a file
 * that has not been handed on, and only ever get longer.
 * @param onPlaylist called for each playlist that has changed, and for the master when a rendition becomes playable
 * @source RFC 8216, 4.3.3.5: of an EVENT playlist segments "can only be added to the end"; 4.3.3.1: the target
 *   duration does not change
 */
export function growingPlaylists(plan: EncodePlan, onPlaylist: (playlist: GrowingPlaylist) => void) {
  const { segments: grid, frameRate, renditions, audio } = plan;
  const target = Math.max(1, Math.round(grid.segment / perSecond(frameRate)));
  const tracks = new Map<string, Growing>();
  const publish = (track: Growing, ended: boolean) =>
    onPlaylist({ path: playlistPath(track), text: mediaPlaylist(track, { target, ended }) });

  /** Before the end only ceilings are known. */
  const publishMaster = () => {
    const sound = tracks.get("audio");
    const variants = renditions.flatMap((rendition): Variant[] => {
      const track = tracks.get(rendition.name);
      const rates = { peak: rendition.maxrate, average: rendition.bitrate };
      return track?.segments.length ? [{ ...rendition, codec: track.codec, rates }] : [];
    });
    if (variants.length === 0 || (audio !== null && !sound?.segments.length)) return;
    const sounding = audio && { ...sound!, rates: { peak: audio.bitrate, average: audio.bitrate } };
    onPlaylist({ path: master, text: masterOf(variants, sounding, { frameRate, captions: [] }) });
  };

  return {
    add({ track: name, index, codec, file, seconds, keyframeBytes }: ReadySegment): void {
      if (index === "init") tracks.set(name, { name, codec, init: file, segments: [] });
      const track = tracks.get(name)!;
      if (index === "init") return;
      track.segments.push({ file, seconds, keyframeBytes });
      publish(track, false);
      if (index === 0) publishMaster();
    },
    /** No segment will follow. */
    end(): void {
      for (const track of tracks.values()) publish(track, true);
    },
  };
}
