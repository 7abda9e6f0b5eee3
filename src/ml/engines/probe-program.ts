import { z } from "zod";
import { engineNames } from "./engine.ts";
import { openEngine } from "./open-engine.ts";

/** A separate process that tries one engine and prints the result (see probe-engines.ts). */
const [name, tensorflow] = process.argv.slice(2);
try {
  const { device } = await openEngine(z.enum(engineNames).parse(name), { tensorflow });
  console.log(JSON.stringify({ device }));
} catch (error) {
  console.log(JSON.stringify({ reason: error instanceof Error ? error.message : String(error) }));
}
// Dawn keeps the process alive.
process.exit();
