import type { Command } from "commander";
import { printTable } from "../output.ts";
import { diagnose } from "./diagnostics.ts";

export default function doctor(command: Command): void {
  command.option("--json", "print one JSON document").action(async (options: { json?: boolean }) => {
    const findings = await diagnose();
    if (options.json) console.log(JSON.stringify({ findings }, null, 2));
    else {
      printTable(
        ["", "what", "found"],
        findings.map(({ state, what, found, advice }) => [
          { good: "ok", absent: "--", bad: "!!" }[state],
          what,
          advice ? `${found}\n  -> ${advice}` : found,
        ]),
      );
    }
    if (findings.some(({ state }) => state === "bad")) process.exitCode = 1;
  });
}
