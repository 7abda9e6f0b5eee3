import type { Registered } from "../../ml/registry/registered.ts";

/** Under which version, and whether it serves; if not, why. */
export function printRegistered({ version, gate, promoted }: Registered): void {
  console.log(`registered as ${version}${promoted ? ", which serves now" : ""}`);
  for (const { passed, message } of gate.reasons) console.log(`${passed ? "ok" : "!!"} ${message}`);
}
