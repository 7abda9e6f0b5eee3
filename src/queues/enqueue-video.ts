import { basename, extname, resolve } from "node:path";
import { TypedError } from "../base/typed-error.ts";
import { hashFile } from "../videos/hash-file.ts";
import { PostLink, parsePostLink } from "../videos/post-link.ts";
import { isSettled, VideoRecord } from "../videos/video.ts";
import type { VideoStore } from "../videos/video-store.ts";
import type { VideoQueues } from "./video-queues.ts";

const Title = VideoRecord.shape.title;

/**
 * Enqueues a file for the workers. The video's id derives from its bytes: the same file twice is one video. A video that
 * failed is retried from its last checkpoint; one that is settled otherwise stays as it is.
 * @returns the current record of the video
 * @param options.owner principal as text; without one the video belongs to its publisher
 * @param options.post `<principal>/<number>`: the post that the video belongs to, whose author owns it
 * @throws TypedError FILE_NOT_FOUND, NOT_A_FILE, FILE_UNREADABLE, TITLE_INVALID, POST_INVALID, POST_DIFFERS
 */
export async function enqueueVideo(
  { store, queues }: { store: VideoStore; queues: VideoQueues },
  file: string,
  options: { title?: string | undefined; owner?: string | undefined; post?: string | undefined } = {},
): Promise<VideoRecord> {
  const { title } = options;
  const post = options.post === undefined ? undefined : parsePost(options.post);
  const owner = post === undefined ? options.owner : parsePostLink(post).owner;
  const source = resolve(file);
  const hashed = await hashFile(source);
  const record = await store.create({
    ...hashed,
    title: title === undefined ? titleOf(source) : parseTitle(title),
    ...(owner === undefined ? {} : { owner }),
    ...(post === undefined ? {} : { post }),
    source,
  });
  if (post !== undefined && record.post !== post)
    throw new TypedError(
      "POST_DIFFERS",
      `${record.id} was enqueued ${record.post === undefined ? "without a post" : `for post ${record.post}`} before`,
    );
  // What has just been entered has nothing to go on from.
  if (record.revision === 1) {
    await queues.add(record);
    return record;
  }
  // Refused unless it failed, also when somebody else has retried it already.
  await store.apply(record.id, { type: "retried", source });
  return await ensureJobs({ store, queues }, record.id);
}

/**
 * Makes sure that an unfinished video has its jobs. They may be missing: the record is written before them, and a crash
 * may happen in between.
 */
export async function ensureJobs(
  { store, queues }: { store: VideoStore; queues: VideoQueues },
  id: string,
): Promise<VideoRecord> {
  const record = await store.get(id);
  if (!isSettled(record.state)) await queues.add(record);
  return record;
}

/** The file's name, where it can be a title. */
function titleOf(file: string): string {
  const { data } = Title.safeParse(basename(file, extname(file)).slice(0, 200));
  return data ?? "untitled";
}

function parseTitle(title: string): string {
  const { data } = Title.safeParse(title);
  if (data !== undefined) return data;
  throw new TypedError("TITLE_INVALID", "a title has 1 to 200 characters: change --title");
}

function parsePost(post: string): PostLink {
  const { data } = PostLink.safeParse(post);
  if (data !== undefined) return data;
  throw new TypedError(
    "POST_INVALID",
    `--post ${post} is not a post: give the author's principal, a slash and the post's number`,
  );
}
