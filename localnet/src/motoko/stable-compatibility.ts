import { createRequire } from "node:module";

const require = createRequire(import.meta.url);

/**
 * Whether a program may be upgraded to another: the compiler's own judgement of the two stable signatures (what
 * `compileMotoko` returns as `stable`, and modules carry as `motoko:stable-types`).
 * @returns what stands against it, a sentence each with the compiler's code (M0169: a variable is dropped, M0170: a
 *   type does not fit); nothing when the upgrade keeps all state
 */
export function stableFaults(former: string, next: string): string[] {
  // Loaded when it is needed: it takes a second.
  const motoko: typeof import("motoko").default = require("motoko");
  motoko.write("former.most", former);
  motoko.write("next.most", next);
  const { diagnostics } = motoko.compiler.stableCompatible("former.most", "next.most") as Judgement;
  return diagnostics
    .filter(({ severity }) => severity === 1)
    .map(({ code, message }) => `${message.replace(/\s+/g, " ")} [${code}]`);
}

interface Judgement {
  diagnostics: { severity: number; code: string; message: string }[];
}
