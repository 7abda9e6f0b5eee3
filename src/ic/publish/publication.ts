import { moderations } from "@kiln/client/indexed-video";
import { PrincipalId } from "@kiln/client/network/principal-id";
import { z } from "zod";
import { TypedError } from "../../base/typed-error.ts";
import { issuesOf } from "../../base/zod-issues.ts";

/** A path below the video's folder: names of letters, digits, `.`, `_` and `-`, none beginning with a dot. */
const RelativePath = z
  .string()
  .regex(/^[\w-][\w.-]*(\/[\w-][\w.-]*)*$/, "a relative path of plain names")
  .max(200);

const Pixels = z.int().min(1).max(16_384);

/** Everything that the canisters need to know about a finished video: plain data, independent of how it was made. */
export const Publication = z.object({
  /** Becomes part of URLs. */
  id: z.string().regex(/^[A-Za-z0-9_-]{1,64}$/, "1 to 64 letters, digits, - or _"),
  /** Fencing number: rises with every new try to publish this video. */
  attempt: z.int().min(1),
  owner: PrincipalId,
  title: z.string().trim().min(1).max(200),
  durationMs: z.int().min(0),
  /** Pixels of the best rendition. */
  width: Pixels,
  height: Pixels,
  sound: z.enum(["present", "none"]),
  renditions: z
    .array(
      z.object({
        name: z.string().min(1),
        width: Pixels,
        height: Pixels,
        /** Peak bits per second. */
        bandwidth: z.int().min(0),
        codecs: z.string(),
        bytes: z.int().min(0),
      }),
    )
    .min(1),
  /** The result of moderation. */
  moderation: z.enum(moderations),
  hls: RelativePath,
  dash: RelativePath,
  posters: z.array(z.object({ path: RelativePath, width: Pixels, height: Pixels, type: z.string() })).min(1),
  /** Thumbhash of the poster, base64: shown until the poster has loaded. */
  thumbhash: z.base64().optional(),
  /** Every file to publish, including manifest.json. */
  files: z
    .array(
      z.object({
        path: RelativePath,
        contentType: z.string(),
        /** Its name changes with its content. */
        immutable: z.boolean(),
      }),
    )
    .min(1),
  /** Hex. */
  manifestSha256: z.hash("sha256"),
});
export type Publication = z.infer<typeof Publication>;

/** @throws TypedError PUBLICATION_INVALID that names every field that is wrong */
export function parsePublication(value: z.input<typeof Publication>): Publication {
  const parsed = Publication.safeParse(value);
  if (parsed.success) return parsed.data;
  throw new TypedError("PUBLICATION_INVALID", `the video cannot be published: ${issuesOf(parsed.error)}`, {
    cause: parsed.error,
  });
}
