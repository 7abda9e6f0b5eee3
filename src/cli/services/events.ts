import { type Command, InvalidArgumentError } from "commander";
import { TypedError } from "../../base/typed-error.ts";
import { plainIssue } from "../../base/zod-issues.ts";
import { readSettings } from "../../config.ts";
import { EventStream } from "../../events/event-stream.ts";
import { parseFieldMap } from "../../events/files/event-file.ts";
import { exportEvents, type Selection } from "../../events/files/export-events.ts";
import { type ImportOptions, importEvents, validateEvents } from "../../events/files/import-events.ts";
import { compact } from "../../events/lake/compact.ts";
import { Lake } from "../../events/lake/lake.ts";
import { EventSettings } from "../../events/settings.ts";
import { Audience } from "../../events/simulator/audience.ts";
import { simulate } from "../../events/simulator/simulate.ts";
import { forgetUser } from "../../feed/state/forget-user.ts";
import type { ChainReport } from "../../feed/state/sync-chain.ts";
import { Viewers } from "../../feed/state/viewers.ts";
import { connect } from "../../ic/canisters/connection.ts";
import { IcSettings } from "../../ic/network/settings.ts";
import { connectRedis } from "../../queues/connection.ts";
import { QueueSettings } from "../../queues/settings.ts";
import { requireChainEvents } from "./chain-events.ts";

type Options = { lake?: string; json?: true };

/** Engagement events: files in and out of the lake, the stream into it, a user out of everything. */
export default function events(command: Command): void {
  add(command, "validate <file>", "list the invalid events of a file, by line and field")
    .addHelpText("after", "\nExample: ./kiln events validate watched.csv")
    .action(async (file: string, options: Options) => {
      const report = await validateEvents(file, Date.now());
      const hidden = report.invalid > report.problems.length ? ["..."] : [];
      print(options, report, [
        ...report.problems,
        ...hidden,
        `${report.events} valid events, ${report.invalid} invalid lines`,
      ]);
      if (report.invalid > 0) process.exitCode = 1;
    });

  lakeOption(add(command, "import <file>", "add a file's events to the lake, each once; all of them or none"))
    .option(
      "--map <fields>",
      "which columns hold our fields: user=uid,video=item,at=ts; others are ignored",
      parseFieldMap,
    )
    .option("--skip-invalid", "leave invalid lines out, and report them")
    .addHelpText(
      "after",
      "\nExample: ./kiln events import watched.csv --map user=uid,video=item,at=ts --skip-invalid",
    )
    .action(async (file: string, options: Options & ImportOptions) => {
      using lake = await Lake.open(lakeOf(options));
      const imported = await importEvents(file, lake, Date.now(), options);
      const hidden = imported.skipped > imported.problems.length ? ["..."] : [];
      print(options, imported, [
        ...imported.problems,
        ...hidden,
        additionLine(imported),
        ...(imported.skipped > 0 ? [`${imported.skipped} invalid lines skipped`] : []),
      ]);
    });

  lakeOption(add(command, "export <file>", "write the lake's events as .csv, .jsonl or .parquet"))
    .option("--from <day>", "first UTC day, 2026-11-21", day)
    .option("--to <day>", "last UTC day", day)
    .option("--user <user>", "only events of this user")
    .addHelpText("after", "\nExample: ./kiln events export ann.jsonl --user ann")
    .action(async (file: string, options: Options & Selection) => {
      const written = await exportEvents(lakeOf(options), file, options);
      print(options, { events: written }, [`${written} events: ${file}`]);
    });

  const simulation = lakeOption(
    add(
      command,
      "simulate",
      "add the events of a simulated audience: for demos and tests, in a separate lake",
    ),
  );
  for (const name of ["viewers", "videos", "days", "seed"] as const)
    simulation.option(`--${name} <number>`, `default ${Audience.parse({})[name]}`, ofAudience(name));
  simulation
    .addHelpText("after", "\nExample: ./kiln events simulate --viewers 500 --lake simulated")
    .action(async (options: Options & Partial<Audience>) => {
      using lake = await Lake.open(lakeOf(options));
      printAddition(options, await lake.add(simulate(Audience.parse(chosen(options)))));
    });

  lakeOption(add(command, "compact", "move the events that have arrived from Redis into the lake")).action(
    async (options: Options) => {
      using opened = await openAll(options);
      printAddition(options, await compact(opened.stream, opened.lake));
    },
  );

  lakeOption(
    add(command, "sync", "read what users did in the user canisters since the last time, each act once"),
  )
    .addHelpText(
      "after",
      `
Likes, votes, shares and views go where POST /v1/events puts them; of users who have deleted their account everything is deleted.
kiln api does this by itself (KILN_CHAIN_EVENTS_SECONDS). The identity needs the role recommender or admin. Ends with exit code 1
if a canister could not be read; the next run begins where this one stopped.

Example: ./kiln events sync`,
    )
    .action(async (options: Options) => {
      const connection = await connect(readSettings(IcSettings));
      const redis = await connectRedis(readSettings(QueueSettings).KILN_REDIS_URL);
      try {
        const lake = lakeOf(options);
        const { KILN_MAX_WAITING_EVENTS: maxWaiting } = readSettings(EventSettings);
        const kept = { redis, lake, stream: new EventStream(redis, { maxWaiting }) };
        const round = requireChainEvents(connection, { ...kept, viewers: new Viewers(redis, lake) });
        printChain(options, await round());
      } finally {
        redis.disconnect();
      }
    });

  lakeOption(add(command, "forget <user>", "delete everything that a user did, in Redis and in the lake"))
    .addHelpText("after", "\nDeleted events stay out when they are delivered again.")
    .action(async (user: string, options: Options) => {
      using opened = await openAll(options);
      const deleted = await forgetUser(user, { ...opened, now: Date.now() });
      print(options, { deleted }, [`${deleted} events deleted`]);
    });
}

function add(command: Command, nameAndArguments: string, description: string): Command {
  return command
    .command(nameAndArguments)
    .description(description)
    .option("--json", "print one JSON document on standard output");
}

const lakeOption = (command: Command) =>
  command.option("--lake <folder>", "the folder of the lake (default: KILN_LAKE)");

const lakeOf = ({ lake }: Options) => lake ?? readSettings(EventSettings).KILN_LAKE;

function day(text: string): string {
  if (/^\d{4}-\d{2}-\d{2}$/.test(text) && !Number.isNaN(Date.parse(text))) return text;
  throw new InvalidArgumentError("expected a day like 2026-11-21");
}

function ofAudience(name: "viewers" | "videos" | "days" | "seed"): (text: string) => number {
  return (text) => {
    const result = Audience.shape[name].safeParse(Number(text), { error: plainIssue });
    if (result.success) return result.data;
    throw new InvalidArgumentError(result.error.issues[0]!.message);
  };
}

const chosen = ({ json: _json, lake: _lake, ...audience }: Options & Partial<Audience>) => audience;

async function openAll(
  options: Options,
): Promise<{ lake: Lake; stream: EventStream; viewers: Viewers } & Disposable> {
  const redis = await connectRedis(readSettings(QueueSettings).KILN_REDIS_URL);
  try {
    const lake = await Lake.open(lakeOf(options));
    return {
      lake,
      stream: new EventStream(redis, { maxWaiting: readSettings(EventSettings).KILN_MAX_WAITING_EVENTS }),
      viewers: new Viewers(redis, lakeOf(options)),
      [Symbol.dispose]() {
        lake[Symbol.dispose]();
        redis.disconnect();
      },
    };
  } catch (error) {
    redis.disconnect();
    throw error;
  }
}

function printAddition(options: Options, addition: Awaited<ReturnType<typeof compact>>): void {
  print(options, addition, [additionLine(addition)]);
}

function printChain(options: Options, { failures, ...report }: ChainReport): void {
  const failed = failures.map(({ canister, error }) => ({ canister, reason: describeError(error) }));
  print(options, { ...report, failures: failed }, [
    `${report.added} events added, ${report.duplicates} known already, from ${report.canisters} canisters`,
    ...(report.left > 0 ? [`${report.left} users have left: what they did is deleted`] : []),
    ...(report.missed > 0 ? [`${report.missed} acts were lost: canisters keep 50,000; sync more often`] : []),
    ...failed.map(({ canister, reason }) => `canister ${canister} could not be read: ${reason}`),
  ]);
  if (failed.length > 0) process.exitCode = 1;
}

const describeError = (error: unknown) =>
  error instanceof TypedError ? `${error.code}: ${error.message}` : String(error);

const additionLine = ({ added, duplicates, forgotten }: Awaited<ReturnType<typeof compact>>) =>
  `${added} events added, ${duplicates} known already, ${forgotten} of deleted users left out`;

function print({ json }: Options, document: unknown, lines: readonly string[]): void {
  console.log(json ? JSON.stringify(document) : lines.join("\n"));
}
