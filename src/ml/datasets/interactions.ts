import { textLines } from "../../base/text-lines.ts";
import { TypedError } from "../../base/typed-error.ts";
import { isChoice, isRetraction } from "../../events/choice.ts";
import { type DayRange, readLake } from "../../events/lake/lake.ts";
import type { Interaction } from "../dataset.ts";

/**
 * How a file of interactions is written.
 * - `pairs`: `user item` a line, in the order of time for each user (the SASRec paper's files)
 * - `inter`: tab-separated with a head such as `user_id:token item_id:token rating:float timestamp:float`
 *   (RecBole's atomic files); timestamps are seconds since 1970
 */
export const interactionFormats = ["pairs", "inter"] as const;
export type InteractionFormat = (typeof interactionFormats)[number];

/**
 * @param onNotice receives what the file holds and is not used
 * @throws TypedError FILE_NOT_FOUND, FILE_NOT_UTF8, INTERACTIONS_INVALID with the line
 */
export async function* readInteractions(
  path: string,
  format: InteractionFormat,
  onNotice: (message: string) => void = () => {},
): AsyncGenerator<Interaction> {
  let parse = format === "pairs" ? parsePair : undefined;
  for await (const { line, text } of textLines(path)) {
    const invalid = (message: string) =>
      new TypedError("INTERACTIONS_INVALID", `${path}, line ${line}: ${message} (read as ${format})`);
    if (text === undefined) throw invalid("is not UTF-8");
    if (text.trim() === "") continue;
    if (parse === undefined) {
      const head = text.split("\t").map((name) => name.split(":")[0]!);
      const problem = headProblem(head);
      if (problem !== undefined) throw invalid(problem);
      if (head.includes("rating"))
        onNotice("ratings are not used: every line counts as a choice, so leave out lines that are none");
      parse = interParser(head);
      continue;
    }
    const interaction = parse(text);
    if (typeof interaction === "string") throw invalid(interaction);
    yield interaction;
  }
}

/** The interaction, or what is wrong. */
type Parse = (text: string) => Interaction | string;

const parsePair: Parse = (text) => {
  const [user, item, more] = text.trim().split(/\s+/);
  if (user === undefined || item === undefined || more !== undefined) return "expected `user item`";
  return { user, item };
};

function headProblem(head: readonly string[]): string | undefined {
  if (!head.includes("user_id") || !head.includes("item_id"))
    return "expected a head with user_id:token and item_id:token";
  const twice = head.find((name, index) => head.indexOf(name) !== index);
  return twice === undefined ? undefined : `two columns are called ${twice}`;
}

/** Seconds: the year 2100. A larger number is in another unit. */
const lastSecond = 4_102_444_800;

function interParser(head: readonly string[]): Parse {
  const [user, item, timestamp] = ["user_id", "item_id", "timestamp"].map((name) => head.indexOf(name));
  return (text) => {
    const fields = text.split("\t");
    if (fields.length !== head.length) return `expected ${head.length} fields, found ${fields.length}`;
    const interaction = { user: fields[user!]!, item: fields[item!]! };
    for (const [name, value] of [
      ["user_id", interaction.user],
      ["item_id", interaction.item],
    ] as const) {
      if (value.trim() === "") return `${name}: is empty`;
      if (value.trim() !== value) return `${name}: begins or ends with a blank`;
    }
    if (timestamp === -1) return interaction;
    const given = fields[timestamp!]!;
    const seconds = given.trim() === "" ? Number.NaN : Number(given);
    if (!Number.isFinite(seconds)) return `timestamp: expected a number, not ${JSON.stringify(given)}`;
    if (seconds < 0 || seconds > lastSecond)
      return `timestamp: expected seconds since 1970; ${given} ${seconds < 0 ? "lies before" : "looks like milliseconds"}`;
    return { ...interaction, at: seconds * 1000 };
  };
}

/** The videos that viewers chose and retracted, out of the lake's events, in the order of time. */
export async function* lakeInteractions(lake: string, range: DayRange = {}): AsyncGenerator<Interaction> {
  for await (const event of readLake(lake, range))
    if (isChoice(event)) yield { user: event.user, item: event.video, at: event.at };
    else if (isRetraction(event)) yield { user: event.user, item: event.video, at: event.at, retracts: true };
}
