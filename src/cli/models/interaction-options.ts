import { type Command, Option } from "commander";
import { interactionFormats } from "../../ml/datasets/interactions.ts";

/** The source of interactions: the same options for every command that trains or measures. */
export const interactionOptions = (command: Command): Command =>
  command
    .option("--interactions <file>", "a file of interactions (default: what viewers chose in the lake)")
    .addOption(
      new Option("--format <format>", "of that file: `user item` lines, or RecBole's .inter")
        .choices(interactionFormats)
        .default("pairs"),
    )
    .option("--lake <folder>", "the folder of the lake (default: KILN_LAKE)");
