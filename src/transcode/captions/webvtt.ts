import { TypedError } from "../../base/typed-error.ts";

/** A caption: when it is shown (seconds), where (settings of WebVTT), and its text. */
export type Cue = { start: number; end: number; settings: string; text: string };

const timing =
  /^((?:\d+:)?\d{1,2}:\d{2}[.,]\d{1,3})[ \t]+-->[ \t]+((?:\d+:)?\d{1,2}:\d{2}[.,]\d{1,3})(?:[ \t]+(.*))?$/;

/**
 * Reads the cues of a WebVTT or SRT text; notes, styles and regions are left out.
 * @throws TypedError CAPTIONS_INVALID when there is none
 * @source W3C WebVTT, 4.1; SRT has no standard, but the same blocks with a number before and a comma in times
 */
export function readCues(text: string): Cue[] {
  const isWebVtt = /^\ufeff?WEBVTT/.test(text);
  const blocks = text
    .replace(/^\ufeff/, "")
    .replace(/\r\n?/g, "\n")
    .split(/\n{2,}/);
  const cues = blocks.flatMap((block): Cue[] => {
    const lines = block.replace(/^\n+|\n+$/g, "").split("\n");
    const at = lines.slice(0, 2).findIndex((line) => timing.test(line.trim()));
    if (at === -1) return [];
    const [, start, end, settings = ""] = timing.exec(lines[at]!.trim())!;
    const payload = lines.slice(at + 1).join("\n");
    const cue = { start: seconds(start!), end: seconds(end!), text: isWebVtt ? payload : plainText(payload) };
    return cue.text === "" || cue.end <= cue.start ? [] : [{ ...cue, settings: isWebVtt ? settings : "" }];
  });
  if (cues.length === 0)
    throw new TypedError("CAPTIONS_INVALID", "there is no caption in it: WebVTT and SRT in UTF-8 are read");
  return cues.toSorted((one, other) => one.start - other.start);
}

/** The cues as a WebVTT file, as far as they lie within so many seconds. */
export function writeWebVtt(cues: readonly Cue[], duration: number): string {
  const shown = cues
    .filter(({ start }) => start < duration)
    .map(({ start, end, settings, text }) => {
      const times = `${clock(start)} --> ${clock(Math.min(end, duration))}`;
      return `${settings === "" ? times : `${times} ${settings}`}\n${text}\n`;
    });
  return ["WEBVTT\n", ...shown].join("\n");
}

/** Of SRT only the marks that WebVTT has, too; what could be taken for others becomes text. */
function plainText(payload: string): string {
  return payload
    .replace(/\{\\[^}]*\}/g, "")
    .replace(/<\/?font[^>]*>/gi, "")
    .replace(/&(?!(amp|lt|gt|nbsp);)/g, "&amp;")
    .replace(/<(?!\/?[biu]>)/gi, "&lt;")
    .replaceAll("-->", "--&gt;")
    .trim();
}

function seconds(time: string): number {
  const [whole, fraction = "0"] = time.split(/[.,]/);
  const parts = whole!.split(":").map(Number);
  return parts.reduce((sum, part) => sum * 60 + part, 0) + Number(fraction.padEnd(3, "0")) / 1000;
}

/** `hh:mm:ss.mmm` */
function clock(time: number): string {
  const milliseconds = Math.round(time * 1000);
  const two = (value: number) => `${value}`.padStart(2, "0");
  const [hours, minutes] = [Math.floor(milliseconds / 3_600_000), Math.floor(milliseconds / 60_000) % 60];
  return `${two(hours)}:${two(minutes)}:${((milliseconds % 60_000) / 1000).toFixed(3).padStart(6, "0")}`;
}
