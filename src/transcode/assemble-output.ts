import { allEnded } from "./base/all-ended.ts";
import type { Reporting } from "./base/progress.ts";
import type { Policy } from "./base/settings.ts";
import { storeText } from "./base/stored-file.ts";
import type { Captions } from "./captions/captions.ts";
import { storeCaptions } from "./captions/store-captions.ts";
import { intermediates } from "./encode/command.ts";
import type { Damage } from "./encode/judge.ts";
import { Manifest } from "./manifest.ts";
import { mediaPresentation } from "./package/dash.ts";
import {
  bandwidth,
  keyframePlaylist,
  keyframePlaylistPath,
  masterPlaylist,
  mediaPlaylist,
  playlistPath,
} from "./package/hls.ts";
import type { Intermediate } from "./package/intermediate.ts";
import type { Track } from "./package/package.ts";
import { cuts, packageTracks } from "./package/packaging.ts";
import { makeMp4 } from "./package/progressive-mp4.ts";
import { makePictures } from "./pictures/pictures.ts";
import { perSecond } from "./plan/frame-rate.ts";
import { type EncodePlan, shownSize } from "./plan/plan.ts";
import type { Source } from "./probe/screen.ts";
import { type Finished, verify } from "./verify/verify.ts";

const master = "master.m3u8";
const presentation = "manifest.mpd";

/** What is known once the encode has ended. */
export type Made = {
  source: Source;
  sha256: string;
  plan: EncodePlan;
  frames: number;
  damage: Damage;
  captions: readonly Captions[];
  /** Codecs of those that could not be kept. */
  lostCaptions: readonly string[];
  encoder: Manifest["encoder"];
  /** Tracks that were packaged while they were encoded. */
  early: readonly Track[];
  /** Of the intermediates, but for the renditions of a divided video. */
  folder: string;
  /** Folders of the renditions, in order. */
  parts: readonly string[];
  product: string;
};

type Finishing = Pick<Policy, "verification" | "mp4" | "reading" | "encodeSeconds" | "memoryBytes">;

/** From the encoder's files to the finished folder, all but its manifest. */
export async function assembleOutput(
  made: Made,
  { verification: level, mp4, reading, encodeSeconds, memoryBytes }: Finishing,
  { signal, progress }: Reporting,
): Promise<Manifest> {
  const { plan: decided, product, frames } = made;
  const { renditions, frameRate, segments } = decided;
  const encoded = intermediates(decided, made.folder);
  const framesPerSecond = perSecond(frameRate);

  progress("package", 0);
  const duration = frames / framesPerSecond;
  // Sound that was packaged early ends where the plan ends, which is not always where the video does.
  const early = made.early.filter(({ kind }) => kind === "video" || frames === decided.frames);
  const sources = cuts(decided, made);
  // Parts are checkpoints until the whole of them has been verified.
  const read = decided.parts.length > 1 ? sources : mp4 === "on" ? singleOf(decided, sources) : [];
  const tracks = await packageTracks(sources, { out: product, early, read }, { signal, progress });
  const videos = renditions.map((rendition, index) => ({ ...rendition, ...tracks[index]! }));
  const audio = tracks[renditions.length] ?? null;
  const captions = await storeCaptions(made.captions, { out: product, duration });
  const texts = await allEnded([
    ...tracks.map((track) => storeText(product, playlistPath(track), mediaPlaylist(track))),
    ...videos.map((video) => storeText(product, keyframePlaylistPath(video), keyframePlaylist(video))),
    storeText(product, master, masterPlaylist(videos, audio, { frameRate, captions })),
    storeText(product, presentation, mediaPresentation(videos, audio, { frameRate, captions })),
  ]);

  const single = mp4 === "on" ? await joined(made, sources, tracks, signal) : null;

  progress("pictures", 0);
  signal?.throwIfAborted();
  const shown = await makePictures(
    encoded.pictures,
    decided.pictures,
    { rate: framesPerSecond, duration, out: product },
    { bounds: reading, signal },
  );

  progress("verify", 0);
  signal?.throwIfAborted();
  const media = tracks.flatMap(({ init, segments }) => [init, ...segments.map(({ file }) => file)]);
  const written = captions.flatMap(({ file, playlist }) => [file, playlist]);
  const files = [...media, ...texts, ...written, ...(single ? [single.file] : []), ...shown.files];
  await verify(
    product,
    {
      videos: videos.map((video, index) => ({
        ...finished(video),
        width: video.width,
        height: video.height,
        encoded: renditions[index]!.codec,
      })),
      audio: audio && finished(audio),
      captions: captions.map(({ playlist }) => playlist.path),
      hls: master,
      dash: presentation,
      mp4: single?.file.path ?? null,
      files,
      frames,
      segments,
      framesPerSecond,
    },
    { level, reading, decoding: { seconds: encodeSeconds, memoryBytes }, signal },
  );
  progress("verify", 1);

  return Manifest.parse({
    version: 1,
    source: describe(made),
    duration,
    frameRate,
    segments: { first: Array(segments.short).fill(segments.group), others: segments.segment },
    renditions: videos.map((video) => ({
      name: video.name,
      width: video.width,
      height: video.height,
      frames: video.packets,
      ...summary(video),
    })),
    audio: audio && summary(audio),
    captions: captions.map(({ name, language, label, file, playlist }) => ({
      name,
      language,
      label,
      path: file.path,
      playlist: playlist.path,
    })),
    hls: master,
    dash: presentation,
    mp4: single?.described ?? null,
    ...shown.pictures,
    // Filled in by the caller: the content is analysed when all else is done.
    analysis: null,
    encoder: made.encoder,
    files: files.toSorted((one, other) => (one.path < other.path ? -1 : 1)),
  } satisfies Manifest);
}

/** Of renditions and sound: the largest that plays everywhere, and the sound. */
const singleOf = <T>({ renditions }: EncodePlan, all: readonly T[]): T[] => [
  all[renditions.findIndex(({ codec }) => codec === "h264")]!,
  ...all.slice(renditions.length),
];

/** The largest rendition that plays everywhere, with the sound, in one file. */
async function joined(
  { plan: decided, product, folder }: Made,
  sources: readonly Intermediate[],
  tracks: readonly Track[],
  signal: AbortSignal | undefined,
) {
  const { width, height } = singleOf(decided, decided.renditions)[0]!;
  const [from, made] = [singleOf(decided, sources), singleOf(decided, tracks)];
  const file = await makeMp4(from, made, { out: product, work: folder, signal });
  return { file, described: { path: file.path, width, height, bytes: file.bytes } };
}

const finished = (track: Track): Finished => ({
  playlist: playlistPath(track),
  init: track.init.path,
  codec: track.codec,
});

function summary(track: Track) {
  const { peak, average } = bandwidth(track.segments);
  return {
    codecs: track.codec,
    bandwidth: peak,
    averageBandwidth: average,
    bytes: track.segments.reduce((sum, { file }) => sum + file.bytes, track.init.bytes),
    playlist: playlistPath(track),
  };
}

function describe({ source, sha256, plan: decided, damage, lostCaptions }: Made): Manifest["source"] {
  const { video, audio, bytes, container, undecodableSound } = source;
  const shown = shownSize(video);
  return {
    bytes,
    sha256,
    container: container.name,
    codec: video.codec,
    width: Math.max(1, Math.round(shown.width)),
    height: Math.max(1, Math.round(shown.height)),
    rotation: video.rotation,
    duration: video.timing.duration,
    otherDuration: video.otherDuration,
    secondOpinionMissing: video.secondOpinionMissing,
    frames: video.timing.packets,
    range: decided.video.conversion.kind,
    audioCodec: audio?.codec ?? null,
    undecodableSound: [...undecodableSound],
    lostCaptions: [...lostCaptions],
    damage: Object.values(damage).some((count) => count > 0) ? damage : null,
  };
}
