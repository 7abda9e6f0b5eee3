import { createRequire } from "node:module";

const require = createRequire(import.meta.url);

/**
 * Whether a program can be upgraded to another: the compiler's own check of the two stable signatures (what
 * `compileMotoko` returns as `stable`, and modules carry as `motoko:stable-types`).
 * @returns the incompatibilities, a sentence each with the compiler's code (M0169: a variable is dropped, M0170: a
 *   type does not fit); empty when the upgrade keeps all state
 */
export function stableFaults(former: string, next: string): string[] {
  // Loaded on demand: it takes a second.
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
