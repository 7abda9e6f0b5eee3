import type { IndexClient } from "../../ic/canisters/index-client.ts";
import { Catalogue } from "../state/catalogue.ts";
import { newestVideos } from "./newest-videos.ts";
import type { ServedModel } from "./served-model.ts";
import { trendingVideos } from "./trending.ts";

/** More fresh videos than a viewer can be shown in a day. */
const maxFresh = 200;
/** Videos of the index that exploration draws from, besides what the model knows and what is trending. */
const maxIndexed = 10_000;

/** The videos that feeds are made of, refreshed from time to time. */
export class KnownVideos {
  readonly #lake: string;
  readonly #index: Pick<IndexClient, "newest"> | undefined;
  #indexed: readonly string[] = [];
  #catalogue = new Catalogue([]);
  #trending: readonly string[] = [];
  #fresh: readonly string[] = [];

  constructor(lake: string, index: Pick<IndexClient, "newest"> | undefined) {
    this.#lake = lake;
    this.#index = index;
  }

  get trending(): readonly string[] {
    return this.#trending;
  }

  /** Newest first. */
  get fresh(): readonly string[] {
    return this.#fresh;
  }

  get catalogue(): Catalogue {
    return this.#catalogue;
  }

  async refreshFresh(): Promise<void> {
    if (this.#index !== undefined) this.#fresh = await newestVideos(this.#index, maxFresh);
  }

  async refreshTrending(model: ServedModel | undefined): Promise<void> {
    this.#trending = await trendingVideos(this.#lake);
    if (this.#index !== undefined) this.#indexed = await newestVideos(this.#index, maxIndexed);
    this.refreshCatalogue(model);
  }

  refreshCatalogue(model: ServedModel | undefined): void {
    const modelled = model?.videos ?? [];
    this.#catalogue = new Catalogue([...modelled, ...this.#trending, ...this.#indexed, ...this.#fresh]);
  }
}
