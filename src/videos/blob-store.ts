/**
 * Where originals and products lie, by video id. What it holds appears whole or not at all.
 * Products are kept by the attempt that made them, so that an attempt that lost its lease cannot write
 * into the product of the one that took over.
 */
export interface BlobStore {
  /**
   * Whether the store is there at all, and is the one that was opened.
   * @throws TypedError BLOBS_MISSING, BLOBS_DIFFERENT
   */
  check(): Promise<void>;
  /**
   * Where the original is, or is to be put: written aside in its folder, which is the video's own, then renamed.
   * A local path.
   */
  originalPath(video: string): string;
  hasOriginal(video: string): Promise<boolean>;
  /** Where `attempt` is to leave its finished product folder. A local path. */
  productPath(video: string, attempt: number): string;
  /** The videos that have products, finished or not. */
  videos(): Promise<string[]>;
  /** The attempts that left a finished product (a folder with manifest.json), newest first. */
  products(video: string): Promise<number[]>;
  /** Drops what attempts other than `keep` left behind, finished or not. */
  dropProductsExcept(video: string, keep: number | "none"): Promise<void>;
  dropOriginal(video: string): Promise<void>;
  /** Drops everything about a video. */
  drop(video: string): Promise<void>;
  /** Bytes that can still be written. */
  free(): Promise<number>;
}
