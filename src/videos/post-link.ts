import { z } from "zod";

/** A post in its author's user canister: `<principal>/<number>`. */
export const PostLink = z
  .string()
  .regex(/^[a-z0-9]+(-[a-z0-9]+)*\/\d{1,12}$/, "a post is its author's principal, a slash and its number");
export type PostLink = z.infer<typeof PostLink>;

/** @returns the author's principal as text, and the post's number */
export function parsePostLink(link: PostLink): { owner: string; post: bigint } {
  const [owner = "", post = ""] = PostLink.parse(link).split("/");
  return { owner, post: BigInt(post) };
}
