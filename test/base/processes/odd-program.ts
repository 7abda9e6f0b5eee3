import { writeFile } from "node:fs/promises";
import { serveChild, service } from "../../../src/base/processes/serve-child.ts";
import { TypedError } from "../../../src/base/typed-error.ts";
import { oddOperation } from "./odd-operations.ts";

/** A child process that does what it is asked, however harmful. */
serveChild([
  service(oddOperation, async ({ deed, path }, { signal, report }) => {
    const stopped = () =>
      new Promise<never>((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
    switch (deed) {
      case "answer with its id":
        return process.pid;
      case "report":
        for (const value of [1, 2, Number.MAX_VALUE]) report(value);
        return 3;
      case "report rubbish":
        report("rubbish" as never);
        return await stopped();
      case "answer rubbish":
        return "rubbish" as never;
      case "fail":
        throw Object.assign(new RangeError("out of range"), { code: "ENOSPC" });
      case "fail for good":
        throw new TypedError("NO_VIDEO_STREAM", "the file has no video stream");
      case "complain and crash":
        console.error("first line\nlast words");
        return process.abort();
      case "loop":
        report(process.pid);
        // A report leaves with the next turn of the event loop.
        await new Promise((turn) => setTimeout(turn, 50));
        for (;;) Math.random();
      case "hoard": {
        const hoard: Buffer[] = [];
        for (;;) {
          hoard.push(Buffer.alloc(2 ** 20, 1));
          if (hoard.length % 20 === 0) await new Promise((turn) => setImmediate(turn));
        }
      }
      case "wait":
        report(process.pid);
        return await stopped();
      case "wait in vain":
        report(process.pid);
        return await new Promise(() => {});
      case "leave a trace when stopped":
        report(process.pid);
        await stopped().catch(() => {});
        await writeFile(path!, "stopped");
        throw signal.reason;
      default:
        return 1;
    }
  }),
]);
