import { createReadStream } from "node:fs";
import { access } from "node:fs/promises";
import { createInterface } from "node:readline";
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

/** @throws TypedError FILE_NOT_FOUND, INTERACTIONS_INVALID with the line */
export async function* readInteractions(
  path: string,
  format: InteractionFormat,
): AsyncGenerator<Interaction> {
  await access(path).catch((cause) => {
    throw new TypedError("FILE_NOT_FOUND", `there is no file ${path}`, { cause });
  });
  const lines = createInterface({ input: createReadStream(path), crlfDelay: Infinity });
  let parse = format === "pairs" ? parsePair : undefined;
  let line = 0;
  for await (const text of lines) {
    line++;
    if (text.trim() === "") continue;
    const invalid = (say: string) =>
      new TypedError("INTERACTIONS_INVALID", `${path}, line ${line}: ${say} (read as ${format})`);
    if (parse === undefined) {
      parse = interParser(text);
      if (parse === undefined) throw invalid("expected a head with user_id:token and item_id:token");
      continue;
    }
    const interaction = parse(text);
    if (typeof interaction === "string") throw invalid(interaction);
    yield interaction;
  }
}

/** The interaction, or a sentence that says what is wrong. */
type Parse = (text: string) => Interaction | string;

const parsePair: Parse = (text) => {
  const [user, item, more] = text.trim().split(/\s+/);
  if (user === undefined || item === undefined || more !== undefined) return "expected `user item`";
  return { user, item };
};

function interParser(head: string): Parse | undefined {
  const names = head.split("\t").map((name) => name.split(":")[0]);
  const [user, item, timestamp] = ["user_id", "item_id", "timestamp"].map((name) => names.indexOf(name));
  if (user === -1 || item === -1) return undefined;
  return (text) => {
    const fields = text.split("\t");
    if (fields.length !== names.length) return `expected ${names.length} fields, found ${fields.length}`;
    const interaction = { user: fields[user!]!, item: fields[item!]! };
    if (timestamp === -1) return interaction;
    const seconds = Number(fields[timestamp!]);
    if (!Number.isFinite(seconds)) return `timestamp: expected a number, not ${fields[timestamp!]}`;
    return { ...interaction, at: seconds * 1000 };
  };
}

/** The videos that viewers chose and retracted, out of the lake's events, in the order of time. */
export async function* lakeInteractions(lake: string, range: DayRange = {}): AsyncGenerator<Interaction> {
  for await (const event of readLake(lake, range))
    if (isChoice(event)) yield { user: event.user, item: event.video, at: event.at };
    else if (isRetraction(event)) yield { user: event.user, item: event.video, at: event.at, retracts: true };
}
