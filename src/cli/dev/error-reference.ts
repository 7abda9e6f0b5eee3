import type { ErrorEntry } from "@kiln/client/client-errors";
import { localnetErrors } from "@kiln/localnet/errors";
import { errors } from "../../base/errors.ts";

/** docs/reference/errors.md: every code. */
export function errorReference(): string {
  const entries: [code: string, ErrorEntry][] = Object.entries({ ...localnetErrors, ...errors });
  const rows = entries
    .sort(([one], [other]) => (one < other ? -1 : 1))
    .map(([code, { final, advice, status = "" }]) => {
      return `| \`${code}\` | ${final ? "no" : "yes"} | ${advice.replaceAll("|", "\\|")} | ${status} |`;
    });
  return `${[...head, ...rows].join("\n")}\n`;
}

const head = [
  "# Errors",
  'Commands print `CODE: message`, with `--json` `{ "error": { "code", "message" } }`, and exit with 1; the API answers `{ "code", "message" }`; the record of a video keeps both as',
  "its reason. The message names the file, canister or setting that is meant. Where trying again can help, workers do so by",
  "themselves; the others fail until something is changed. `KILN_DEBUG=1` also prints stack and cause.",
  "",
  "The table is made of `src/base/errors.ts` by `./kiln check --fix`. Without a status the API answers 500, or 503 where trying again",
  "can help.",
  "",
  "| code | retry can help | what to do | HTTP status |",
  "| --- | --- | --- | --- |",
];
