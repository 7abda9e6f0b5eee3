import { stat } from "node:fs/promises";
import { activationFile, readActivation } from "../ml/registry/activation.ts";
import type { Registry } from "../ml/registry/registry.ts";
import type { ServedModel } from "./served-model.ts";

type Options = {
  load: (version: string) => Promise<ServedModel>;
  onLoaded: (model: ServedModel) => void;
  /** The version that served so far goes on. */
  onFailed: (error: unknown) => void;
};

/** The active version of a registry. It follows the pointer; a version that cannot be loaded changes nothing. */
export class ActiveModel {
  readonly #registry: Registry;
  readonly #options: Options;
  #seen = "";
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
      const pointer = await this.#pointer();
      if (pointer === this.#seen) return;
      this.#seen = pointer;
      const version = (await readActivation(this.#registry))?.active;
      if (version === undefined || version === this.#current?.version) return;
      this.#current = await this.#options.load(version);
      this.#options.onLoaded(this.#current);
    } catch (error) {
      this.#options.onFailed(error);
    }
  }

  /** Of a file that is replaced by renaming, the inode changes at least. */
  async #pointer(): Promise<string> {
    const file = await stat(activationFile(this.#registry)).catch(() => undefined);
    return file === undefined ? "" : `${file.ino} ${file.mtimeMs}`;
  }
}
