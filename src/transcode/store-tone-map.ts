import { mkdir, stat } from "node:fs/promises";
import { dirname } from "node:path";
import { syncedWrite } from "../base/synced-write.ts";
import { TypedError } from "../base/typed-error.ts";
import type { Conversion } from "./plan/color.ts";
import { toneMapTable } from "./plan/tone-map.ts";

/**
 * Writes the table that the conversion of an HDR source names, unless it is there; its name says all that is in it.
 * @throws TypedError OUT_NOT_WRITABLE
 */
export async function storeToneMap(conversion: Conversion): Promise<void> {
  if (conversion.kind !== "hdr" || (await stat(conversion.table).catch(() => null))) return;
  const folder = dirname(conversion.table);
  try {
    await mkdir(folder, { recursive: true });
    await syncedWrite(conversion.table, toneMapTable(conversion));
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === "ENOSPC") throw cause;
    throw new TypedError("OUT_NOT_WRITABLE", `cannot write to ${folder}: ${(cause as Error).message}`, {
      cause,
    });
  }
}
