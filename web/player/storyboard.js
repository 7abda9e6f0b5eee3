// @ts-check
/**
 * A picture of a storyboard: what it shows lasts until `end` seconds; where it lies in its image, in pixels.
 * @typedef {{ end: number, image: string, left: number, top: number, width: number, height: number }} Tile
 */

/**
 * Reads a storyboard: WebVTT whose cues name parts of an image, in order.
 * @param {string} url
 * @returns {Promise<Tile[]>}
 * @source W3C WebVTT, 4.1; W3C Media Fragments URI 1.0, 4.2.2 (`xywh`)
 */
export async function readStoryboard(url) {
  const answer = await fetch(url);
  if (!answer.ok) return [];
  const cues = (await answer.text()).matchAll(/--> (\d+):(\d+):([\d.]+)\n(.+)#xywh=(\d+),(\d+),(\d+),(\d+)/g);
  return Array.from(cues, ([, hours, minutes, seconds, image, ...place]) => {
    const [left = 0, top = 0, width = 0, height = 0] = place.map(Number);
    const end = 3600 * Number(hours) + 60 * Number(minutes) + Number(seconds);
    return { end, image: new URL(image ?? "", url).href, left, top, width, height };
  });
}
