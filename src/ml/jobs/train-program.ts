import { serveChild, service } from "../../base/processes/serve-child.ts";
import { registerTrained } from "../registry/register-trained.ts";
import { trainModel } from "../training/train-model.ts";
import { registerOperation, trainOperation } from "./training-operations.ts";

/**
 * The child process of a training: a network keeps a core busy for minutes, and an engine may crash; neither may
 * affect the process that started it.
 */
serveChild([
  service(trainOperation, async (task, { signal, report }) => {
    await trainModel(task, {
      onProgress: (progress) => report({ type: "progress", progress }),
      onNotice: (notice) => report({ type: "notice", notice }),
      signal,
    });
    return {};
  }),
  service(registerOperation, ({ task, registration: { folder, promote } }) =>
    registerTrained({ folder }, task, { promote, now: Date.now() }),
  ),
]);
