import { execFile } from "node:child_process";
import { promisify } from "node:util";

const run = promisify(execFile);

/** An option as ffmpeg's help describes it: `-cq <float> ... (from 0 to 51)` and the names of its values. */
export type HelpOption = { type: string; from: number; to: number; names: Set<string> };

/** What an ffmpeg says of one encoder or filter, or (`full`) of everything; null when it does not have it. */
export async function helpOf(ffmpeg: string, topic: string): Promise<Map<string, HelpOption> | null> {
  const { stdout } = await run(ffmpeg, ["-hide_banner", "-v", "error", "-h", topic], {
    maxBuffer: 64 * 1024 ** 2,
  });
  return stdout.includes("Options:") || stdout.includes("AVOptions") || stdout.startsWith("Filter")
    ? optionsOf(stdout)
    : null;
}

const optionLine = /^ {1,3}-?([\w-]+) +<(\w+)> +[E.D][.\w]* ?(.*)$/;
const valueLine = /^ {5}([\w-]+) +(-?\d+)? +[E.D][.\w]*/;

function optionsOf(help: string): Map<string, HelpOption> {
  const options = new Map<string, HelpOption>();
  let last: HelpOption | undefined;
  for (const line of help.split("\n")) {
    const option = optionLine.exec(line);
    const value = valueLine.exec(line);
    if (option) {
      const [, name, type, text] = option;
      const range = /\(from (\S+) to (\S+)\)/.exec(text!);
      last = options.get(name!) ?? {
        type: type!,
        from: limit(range?.[1], Number.NEGATIVE_INFINITY),
        to: limit(range?.[2], Number.POSITIVE_INFINITY),
        names: new Set(),
      };
      options.set(name!, last);
    } else if (value && last) last.names.add(value[1]!);
  }
  return options;
}

/** Named limits (INT_MAX, FLT_MAX) are none in practice. */
function limit(text: string | undefined, otherwise: number): number {
  const number = Number(text);
  return text === undefined || Number.isNaN(number) ? otherwise : number;
}

/** Why a value is not legal for an option; null when it is. */
export function illegal({ type, from, to, names }: HelpOption, value: string): string | null {
  if (["string", "dictionary", "pix_fmt", "color", "rational", "image_size", "channel_layout"].includes(type))
    return null;
  if (type === "flags") {
    const unknown = value.split("+").filter((flag) => flag !== "" && !names.has(flag));
    return unknown.length === 0 ? null : `${unknown} is not among its flags`;
  }
  if (type === "boolean") return /^[01]$/.test(value) ? null : "is neither 0 nor 1";
  if (names.has(value)) return null;
  const number = Number(value);
  if (Number.isNaN(number)) return names.size > 0 ? `is not among ${[...names].join(", ")}` : "is no number";
  return number >= from && number <= to ? null : `is not between ${from} and ${to}`;
}
