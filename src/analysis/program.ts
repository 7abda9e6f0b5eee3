import { analyseFrames } from "./analyse-frames.ts";
import { Request } from "./request.ts";

/** The child process that analyses one video: it is asked over IPC, answers, and ends with its parent. */
process.on("SIGINT", () => {}).on("SIGTERM", () => {});
process.on("disconnect", () => process.exit(1));
process.once("message", async (message) => {
  const { input, policy } = Request.parse(message);
  process.send!(await analyseFrames(input, policy), () => process.exit());
});
