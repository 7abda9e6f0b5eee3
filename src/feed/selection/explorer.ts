import type { Random } from "../../base/random.ts";
import type { Eligible } from "../candidate.ts";
import type { Gate } from "../filters/gate.ts";
import type { Visibility } from "../filters/visibility.ts";
import type { Catalogue } from "../state/catalogue.ts";
import type { Viewer } from "../state/viewer.ts";
import type { Explorer } from "./select.ts";

/** Draws that may fail before all that is left is listed. */
const maxDraws = 20;
/** Listed videos whose facts are read together. */
const batch = 50;

/**
 * Draws evenly from the whole catalogue, without what the viewer has seen. Videos that turn out to be hidden leave the
 * catalogue. Of the authors that a viewer reported only those are known that were drawn: `count` includes the others.
 */
export function explorerOf(
  catalogue: Catalogue,
  { seen }: Viewer,
  { gate, visibility, random }: { gate: Gate; visibility: Visibility; random: Pick<Random, "integer"> },
): Explorer {
  let met = 0;
  for (const video of seen) if (catalogue.has(video)) met++;
  return {
    count(placed) {
      let own = 0;
      for (const video of placed) if (catalogue.has(video) && !seen.has(video)) own++;
      return catalogue.size - met - own;
    },
    async draw(placed) {
      const isLeft = (video: string) => !seen.has(video) && !placed.has(video);
      for (let attempt = 0; attempt < maxDraws && catalogue.size > 0; attempt++) {
        const video = catalogue.at(random.integer(catalogue.size));
        const [drawn] = isLeft(video) ? await pass([video]) : [];
        if (drawn !== undefined) return drawn;
      }
      const left = shuffled(catalogue.videos.filter(isLeft), random);
      for (let start = 0; start < left.length; start += batch) {
        const [drawn] = await pass(left.slice(start, start + batch));
        if (drawn !== undefined) return drawn;
      }
      return undefined;
    },
  };

  async function pass(videos: readonly string[]): Promise<Eligible[]> {
    const facts = await visibility(videos);
    for (const video of videos) if (!facts.get(video)?.visible) catalogue.remove(video);
    return await gate.pass(videos.map((video) => ({ video, source: "explore" })));
  }
}

/** @source Fisher and Yates, in Durstenfeld's form */
function shuffled(videos: string[], random: Pick<Random, "integer">): string[] {
  for (let last = videos.length - 1; last > 0; last--) {
    const other = random.integer(last + 1);
    [videos[last], videos[other]] = [videos[other]!, videos[last]!];
  }
  return videos;
}
