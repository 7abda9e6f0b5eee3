import type { CanisterRegistry } from "../canister-registry.ts";
import type { StateFolder } from "./state-folder.ts";

/** How long changes are gathered before they are written, milliseconds. */
const delay = 500;

/** Saves a while after the first change, one save at a time. */
export class Autosave {
  readonly #folder: StateFolder;
  readonly #registry: CanisterRegistry;
  #changed = false;
  #timer: NodeJS.Timeout | undefined;
  #saving: Promise<void> = Promise.resolve();

  constructor(folder: StateFolder, registry: CanisterRegistry) {
    this.#folder = folder;
    this.#registry = registry;
  }

  /** Something changed and is to be saved soon. */
  touch(): void {
    this.#changed = true;
    // A save that fails is tried again with the next change; whoever flushes hears of it.
    this.#timer ??= setTimeout(() => this.flush().catch(() => {}), delay).unref();
  }

  /** Saves what is not saved yet; resolves when it is on disk. */
  flush(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const save = async () => {
      if (!this.#changed) return;
      this.#changed = false;
      try {
        await this.#folder.save(this.#registry);
      } catch (error) {
        this.#changed = true;
        throw error;
      }
    };
    this.#saving = this.#saving.then(save, save);
    return this.#saving;
  }
}
