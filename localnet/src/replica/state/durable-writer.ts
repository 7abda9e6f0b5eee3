import { type FileHandle, open, rename, writeFile } from "node:fs/promises";

/**
 * What answered updates survive: the death of the process, or also that of the machine (a power cut), for which each
 * save waits for the disk.
 */
export type Durability = "process" | "machine";

/** Writes files with the requested durability. */
export class DurableWriter {
  readonly #durability: Durability;

  constructor(durability: Durability) {
    this.#durability = durability;
  }

  /** Writes a file atomically. */
  async replace(path: string, content: string | Uint8Array): Promise<void> {
    const aside = `${path}.new`;
    await using file = await open(aside, "w");
    await writeFile(file, content);
    await this.finish(file);
    await rename(aside, path);
  }

  /** Call it when a file or folder has its final content. */
  async finish(file: FileHandle): Promise<void> {
    if (this.#durability === "machine") await file.sync();
  }

  /** Call it after adding files to a folder: their names are the folder's content. */
  async finishFolder(path: string): Promise<void> {
    if (this.#durability === "process") return;
    await using folder = await open(path, "r");
    await this.finish(folder);
  }
}
