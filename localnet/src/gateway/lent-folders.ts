/** How many folders are remembered: the maxFolders recent ones. */
const maxFolders = 1_000;

/**
 * The folders of playlists that were fetched by `?canisterId=`. The relative URLs in them drop the query, and
 * players such as ffmpeg do not resolve them against the target of a redirect. So a request that names no
 * canister goes to the one whose playlist lies in the nearest folder above.
 */
export class LentFolders {
  readonly #canisters = new Map<string, Uint8Array>();

  /** @param url path and query of the playlist */
  lend(url: string, canisterId: Uint8Array): void {
    const folder = folderOf(pathOf(url));
    this.#canisters.delete(folder);
    this.#canisters.set(folder, canisterId);
    const [oldest] = this.#canisters.keys();
    if (this.#canisters.size > maxFolders) this.#canisters.delete(oldest!);
  }

  /** @param url path and query of a request that names no canister */
  canisterOf(url: string): Uint8Array | undefined {
    for (let folder = folderOf(pathOf(url)); ; folder = folderOf(folder.slice(0, -1))) {
      const canisterId = this.#canisters.get(folder);
      if (canisterId || folder === "/") return canisterId;
    }
  }
}

const pathOf = (url: string) => url.split("?")[0]!;

/** "/v/1/master.m3u8" -> "/v/1/"; the folder of everything else is "/". */
const folderOf = (path: string) => path.slice(0, path.lastIndexOf("/") + 1) || "/";
