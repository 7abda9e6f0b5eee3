import type { Publication } from "./publication.ts";
import { thumbhashBitmap } from "./thumbhash-bitmap.ts";

/** URLs of the shared files, relative to the page. */
export type PlayerScripts = { script: string; style: string; library: string };

/**
 * Fills the template of the player page. Every URL that the page loads is relative, so it works on a domain of its own
 * and below a gateway's path prefix; link previews need absolute ones.
 * @param template web/player/index.html: `{{name}}` stands for a value
 * @param address URL of the page's folder, for link previews
 */
export function playerPage(
  template: string,
  publication: Publication,
  scripts: PlayerScripts,
  address: string,
): string {
  const { title, width, height, durationMs, hls, sound, files } = publication;
  const preview = plainPoster(publication.posters);
  const values: Record<string, string> = {
    title: escapeHtml(title),
    width: String(width),
    height: String(height),
    seconds: String(durationMs / 1000),
    playlist: escapeHtml(hls),
    sound,
    script: escapeHtml(scripts.script),
    style: escapeHtml(scripts.style),
    library: escapeHtml(scripts.library),
    storyboard: escapeHtml(files.find(({ contentType }) => contentType === "text/vtt")?.path ?? ""),
    placeholder: placeholder(publication),
    pictures: pictures(publication.posters),
    address: escapeHtml(address),
    preview: escapeHtml(preview.path),
    previewWidth: String(preview.width),
    previewHeight: String(preview.height),
  };
  return template.replace(/\{\{(\w+)\}\}/g, (_, name: string) => {
    const value = values[name];
    if (value === undefined) throw new Error(`the player page's template asks for an unknown {{${name}}}`);
    return value;
  });
}

type Poster = Publication["posters"][number];

/** Smallest first: a browser takes the first type that it supports. */
const pictureTypes = ["image/avif", "image/webp", "image/jpeg"];

/** The poster that every client can show: the largest JPEG, if there is one. */
export function plainPoster(posters: readonly Poster[]): Poster {
  const jpegs = posters.filter(({ type }) => type === "image/jpeg");
  return (jpegs.length > 0 ? jpegs : posters).reduce((best, poster) =>
    poster.width > best.width ? poster : best,
  );
}

/** The style of an element that shows the blurred poster, as large as the poster will be. */
function placeholder({ thumbhash, width, height }: Publication): string {
  if (thumbhash === undefined) return "";
  const blurred = thumbhashBitmap(thumbhash, { width, height }).toString("base64");
  return `background: url(data:image/bmp;base64,${blurred}) center / contain no-repeat`;
}

function pictures(posters: readonly Poster[]): string {
  const sources = pictureTypes
    .map((type) => ({ type, ofType: posters.filter((poster) => poster.type === type) }))
    .filter(({ ofType }) => ofType.length > 0)
    .map(({ type, ofType }) => {
      const srcset = ofType.map(({ path, width }) => `${escapeHtml(path)} ${width}w`).join(", ");
      return `<source type="${type}" srcset="${srcset}" sizes="100vw">`;
    });
  return `${sources.join("")}<img src="${escapeHtml(plainPoster(posters).path)}" alt="">`;
}

function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}
