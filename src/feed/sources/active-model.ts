import { stat } from "node:fs/promises";
import { activationFile, readActivation } from "../../ml/registry/activation.ts";
import type { Registry } from "../../ml/registry/registry.ts";
import type { ServedModel } from "./served-model.ts";

type Options = {
  /** A file beside the registry with which versions are loaded again when it changes. */
  content?: string | undefined;
  load: (version: string) => Promise<ServedModel>;
  onLoaded: (model: ServedModel) => void;
  /** The version that served so far goes on. */
  onFailed: (error: unknown) => void;
};

/** The active version of a registry. It follows the pointer; a version that cannot be loaded changes nothing. */
export class ActiveModel {
  readonly #registry: Registry;
  readonly #options: Options;
  #seen = { pointer: "", content: "" };
  #current: ServedModel | undefined;
  #refreshing: Promise<void> = Promise.resolve();

  constructor(registry: Registry, options: Options) {
    this.#registry = registry;
    this.#options = options;
  }

  /** Undefined while no version was promoted, or none could be loaded. */
  get current(): ServedModel | undefined {
    return this.#current;
  }

  /** Looks whether the pointer has moved, and loads what it points to. Calls wait for each other. */
  refresh(): Promise<void> {
    this.#refreshing = this.#refreshing.then(() => this.#look());
    return this.#refreshing;
  }

  async #look(): Promise<void> {
    try {
      const seen = {
        pointer: await stamp(activationFile(this.#registry)),
        content: await stamp(this.#options.content),
      };
      const former = this.#seen;
      if (seen.pointer === former.pointer && seen.content === former.content) return;
      this.#seen = seen;
      const version = (await readActivation(this.#registry))?.active;
      if (version === undefined) return;
      if (version === this.#current?.version && seen.content === former.content) return;
      this.#current = await this.#options.load(version);
      this.#options.onLoaded(this.#current);
    } catch (error) {
      this.#options.onFailed(error);
    }
  }
}

/** Of a file that is replaced by renaming, the inode changes at least. */
async function stamp(file: string | undefined): Promise<string> {
  const found = file === undefined ? undefined : await stat(file).catch(() => undefined);
  return found === undefined ? "" : `${found.ino} ${found.mtimeMs}`;
}
