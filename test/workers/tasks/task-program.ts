import { AnalysisSettings, moderationOf } from "../../../src/analysis/settings.ts";
import { readSettings } from "../../../src/config.ts";
import { limitsOf, policyOf, TranscodeSettings } from "../../../src/transcode/base/settings.ts";
import { serveTask } from "../../../src/workers/tasks/serve-task.ts";
import { taskHandlers } from "../../../src/workers/tasks/task-handlers.ts";
import { publishToFolder } from "../stages/publish-to-folder.ts";

/** The child process of the tests: everything is real but the canisters, which are a folder. */
const settings = readSettings(TranscodeSettings);
serveTask(
  taskHandlers({
    policy: policyOf(settings),
    limits: limitsOf(settings),
    moderation: moderationOf(readSettings(AnalysisSettings)),
    publish: publishToFolder(process.env.KILN_TEST_PUBLIC!),
  }),
);
