import { examine } from "./analyse-frames.ts";
import { Request } from "./request.ts";

/** The child process that analyses one video: it is asked over IPC, answers, and ends with its parent. */
process.on("SIGINT", () => {}).on("SIGTERM", () => {});
process.on("disconnect", () => process.exit(1));
process.once("message", async (message) => {
  const { footage, policy } = Request.parse(message);
  process.send!(await examine(footage, policy), () => process.exit());
});
