import { AnalysisSettings, moderationOf } from "../analysis/settings.ts";
import { readSettings } from "../config.ts";
import { IcSettings } from "../ic/network/settings.ts";
import { limitsOf, policyOf, TranscodeSettings } from "../transcode/base/settings.ts";
import { serveTask } from "./tasks/serve-task.ts";
import { taskHandlers } from "./tasks/task-handlers.ts";

/** The program of the child processes in which `kiln worker` does its tasks. */
const transcoding = readSettings(TranscodeSettings);

serveTask(
  taskHandlers({
    policy: policyOf(transcoding),
    limits: limitsOf(transcoding),
    moderation: moderationOf(readSettings(AnalysisSettings)),
    async publish(task, control) {
      const { publishProduct } = await import("./stages/publish-product.ts");
      return await publishProduct(task, control, readSettings(IcSettings));
    },
  }),
);
