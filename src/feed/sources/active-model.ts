import { stat } from "node:fs/promises";
import { activationFile, readActivation } from "../../ml/registry/activation.ts";
import type { Registry } from "../../ml/registry/registry.ts";
import { lent, type ModelLease } from "./model-lease.ts";
import type { ServedModel } from "./served-model.ts";

type Options = {
  /** A file beside the registry with which versions are loaded again when it changes. */
  content?: string | undefined;
  load: (version: string) => Promise<ServedModel>;
  onLoaded: (model: ServedModel) => void;
  /** The version that served so far stays. */
  onFailed: (error: unknown) => void;
};

/** The active version of a registry. It follows the pointer; a version that cannot be loaded changes nothing. */
export class ActiveModel {
  readonly #registry: Registry;
  readonly #options: Options;
  #seen = { pointer: "", content: "" };
  #current: { served: ServedModel; leases: number } | undefined;
  #refreshing: Promise<void> = Promise.resolve();

  constructor(registry: Registry, options: Options) {
    this.#registry = registry;
    this.#options = options;
  }

  /** Undefined while no version was promoted, or none could be loaded. */
  get current(): ServedModel | undefined {
    return this.#current?.served;
  }

  /** The current model for one request. A model that was replaced is freed when its last lease is. */
  lease(): ModelLease {
    const held = this.#current;
    if (held === undefined) return lent(undefined);
    held.leases++;
    return {
      model: held.served,
      [Symbol.dispose]: () => {
        if (--held.leases === 0 && held !== this.#current) held.served[Symbol.dispose]();
      },
    };
  }

  /** Checks whether the pointer has moved, and loads what it points to. Calls wait for each other. */
  refresh(): Promise<void> {
    this.#refreshing = this.#refreshing.then(() => this.#poll());
    return this.#refreshing;
  }

  async #poll(): Promise<void> {
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
      if (version === this.current?.version && seen.content === former.content) return;
      this.#replace(await this.#options.load(version));
      this.#options.onLoaded(this.current!);
    } catch (error) {
      this.#options.onFailed(error);
    }
  }

  #replace(served: ServedModel): void {
    const former = this.#current;
    this.#current = { served, leases: 0 };
    if (former?.leases === 0) former.served[Symbol.dispose]();
  }
}

/** Renaming a file over another at least changes the inode. */
async function stamp(file: string | undefined): Promise<string> {
  const found = file === undefined ? undefined : await stat(file).catch(() => undefined);
  return found === undefined ? "" : `${found.ino} ${found.mtimeMs}`;
}
