import { Command, CommanderError, InvalidArgumentError } from "commander";
import type { TypedError } from "../base/typed-error.ts";
import { kilnVersion } from "../base/version.ts";
import { commands, formerNames } from "./commands.ts";

const usage = 2;

async function main(args: readonly string[]): Promise<number> {
  const program = new Command("./kiln")
    .description("Kiln: from a raw video to a certified feed on the Internet Computer.")
    .version(kilnVersion)
    .showHelpAfterError("(./kiln --help lists the commands, ./kiln <command> --help its options)")
    .exitOverride();
  for (const [name, { summary, load }] of Object.entries(commands)) {
    const command = program.command(name).description(summary).copyInheritedSettings(program);
    if (args.includes(name)) (await load()).default(command);
  }
  for (const [former, name] of Object.entries(formerNames)) {
    const { summary, load } = commands[name]!;
    const command = program
      .command(former, { hidden: true })
      .description(summary)
      .copyInheritedSettings(program);
    if (args.includes(former)) (await load()).default(command);
  }
  let json = false;
  program.hook("preAction", (_, command) => {
    json = Boolean(command.opts().json);
  });
  try {
    if (args.length === 0) program.help({ error: true });
    await warnOfUnknownSettings();
    await program.parseAsync(args, { from: "user" });
    return Number(process.exitCode ?? 0);
  } catch (error) {
    // Thrown by an action about its options: commander has printed only what it found itself.
    if (error instanceof InvalidArgumentError) console.error(`error: ${error.message}`);
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : usage;
    const debug = Boolean(process.env.KILN_DEBUG);
    const hint = debug ? "" : " (KILN_DEBUG=1 shows where)";
    const { code, message } = isTyped(error) ? error : { code: "UNEXPECTED", message: `${error}${hint}` };
    if (json) console.log(JSON.stringify({ error: { code, message } }));
    else console.error(`${code}: ${message}`);
    // The stack, and that of every cause.
    if (debug) console.error(error);
    return 1;
  }
}

/** Without this a misspelt setting would silently leave its default in force. */
async function warnOfUnknownSettings(): Promise<void> {
  const names = Object.keys(process.env).filter((name) => name.startsWith("KILN_"));
  if (names.length === 0) return;
  const { unknownSettings } = await import("./known-settings.ts");
  for (const { name, nearest } of unknownSettings(names))
    console.error(`warning: there is no setting ${name}${nearest ? `: did you mean ${nearest}?` : ""}`);
}

/** Also true of the local network's errors, which have the same fields but cannot share the class. */
function isTyped(error: unknown): error is TypedError {
  return error instanceof Error && "code" in error && "final" in error;
}

// A reader that stops early, as in `kiln models list | head -3`, is not an error.
for (const output of [process.stdout, process.stderr])
  output.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code !== "EPIPE") throw error;
  });

process.exitCode = await main(process.argv.slice(2));
