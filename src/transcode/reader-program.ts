import { serveChild, service } from "../base/processes/serve-child.ts";
import { picturesOperation } from "./pictures/pictures.ts";
import { secondOpinionOperation } from "./probe/second-opinion.ts";
import { readBackOperation } from "./verify/read-back.ts";

/** The child process that reads a viewer's bytes. It loads a library when a request needs it. */
serveChild([
  service(secondOpinionOperation, async (request) => {
    const { readSecondOpinion } = await import("./probe/read-second-opinion.ts");
    return await readSecondOpinion(request);
  }),
  service(picturesOperation, async ({ raw, plan, ...options }) => {
    const { drawPictures } = await import("./pictures/draw-pictures.ts");
    return await drawPictures(raw, plan, options);
  }),
  service(readBackOperation, async ({ playlist }) => {
    const { readTracks } = await import("./verify/read-tracks.ts");
    return await readTracks(playlist);
  }),
]);
