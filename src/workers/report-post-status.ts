import { TypedError } from "../base/typed-error.ts";
import type { PostStatus, PostStatusClient } from "../ic/canisters/post-status-client.ts";
import { parsePostLink } from "../videos/post-link.ts";
import type { VideoRecord } from "../videos/video.ts";

/** Sets the status of the post that a video belongs to, if there is one. */
export type ReportPostStatus = (record: VideoRecord, status: PostStatus) => Promise<void>;

/**
 * @param posts absent where no user_index is known
 * @throws TypedError (the function) USER_INDEX_UNKNOWN, and those of PostStatusClient
 */
export function reportPostStatus(posts: PostStatusClient | undefined): ReportPostStatus {
  return async ({ id, post, attempt }, status) => {
    if (post === undefined) return;
    if (posts === undefined)
      throw new TypedError(
        "USER_INDEX_UNKNOWN",
        `the video belongs to post ${post}, whose user_index is not known: set KILN_USER_INDEX_CANISTER`,
      );
    await posts.set({ ...parsePostLink(post), video: id, status, attempt });
  };
}
