import type { RejectionError } from "../../transcode/base/rejection.ts";

export const printJson = (document: unknown) => console.log(JSON.stringify(document, null, 2));

/** A refusal as the one document of `--json`; the exit code says it, too. */
export function printRejection({ code, message }: RejectionError): void {
  printJson({ status: "rejected", reason: code, message });
  process.exitCode = 1;
}
