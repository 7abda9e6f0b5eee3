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

  /** Call it after a change, which will be saved soon. */
  touch(): void {
    this.#changed = true;
    // A failed save is retried with the next change; `flush` reports the error.
    this.#timer ??= setTimeout(() => this.flush().catch(() => {}), delay).unref();
  }

  /** Saves all changes; resolves when they are written. */
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
