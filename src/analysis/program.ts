import { serveChild, service } from "../base/processes/serve-child.ts";
import { analyseFrames } from "./analyse-frames.ts";
import { analysisOperation } from "./analysis-operation.ts";

/** The child process that analyses one video. */
serveChild([service(analysisOperation, ({ input, policy }) => analyseFrames(input, policy))]);
