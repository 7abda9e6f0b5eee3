import { serveTask } from "../../../src/workers/tasks/serve-task.ts";

/** A child process that misbehaves as its task's `source` says. */
serveTask({
  async ingest({ source }, { signal, onProgress }) {
    onProgress({ stage: source, fraction: 0 });
    if (source === "crash") process.kill(process.pid, "SIGSEGV");
    if (source === "babble") process.send!({ type: "done?" });
    if (source === "overdo") onProgress({ stage: "over", fraction: Number.NaN });
    else await new Promise((_, stop) => signal.addEventListener("abort", () => stop(signal.reason)));
    return {};
  },
  transcode: async () => ({}),
  publish: async () => ({ url: "no url" }),
});
