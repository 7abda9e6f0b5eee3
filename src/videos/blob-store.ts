/**
 * Originals and products by video id. An entry appears as a whole or not at all.
 * Each attempt has its own product, so that one that lost its lease cannot write into its successor's.
 */
export interface BlobStore {
  /**
   * Checks that the store is there and is the one that was opened.
   * @throws TypedError BLOBS_MISSING, BLOBS_DIFFERENT
   */
  check(): Promise<void>;
  /**
   * The local path of the original. It is written under another name in its folder, which is the video's own, then renamed.
   */
  originalPath(video: string): string;
  hasOriginal(video: string): Promise<boolean>;
  /** The local path of the finished product folder of an attempt. */
  productPath(video: string, attempt: number): string;
  /** The videos that have products, finished or not. */
  videos(): Promise<string[]>;
  /** The attempts that left a finished product (a folder with manifest.json), newest first. */
  products(video: string): Promise<number[]>;
  /** Deletes the products of all attempts except `keep`, finished or not. */
  dropProductsExcept(video: string, keep: number | "none"): Promise<void>;
  dropOriginal(video: string): Promise<void>;
  /** Deletes everything of a video. */
  drop(video: string): Promise<void>;
  /** Bytes that can still be written. */
  free(): Promise<number>;
}
