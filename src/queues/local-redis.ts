import { readFileSync } from "node:fs";
import { inKilnHome } from "../base/kiln-home.ts";

/** Where `kiln up` keeps its Redis. */
export const localRedisFolder = (): string => inKilnHome("redis");

/** Holds the address of the Redis that `kiln up` runs, while it runs. */
export const localRedisFile = (): string => inKilnHome("redis", "url");

/** @returns the address of the Redis that `kiln up` runs here; undefined when none does */
export function localRedisUrl(): string | undefined {
  try {
    return readFileSync(localRedisFile(), "utf8").trim() || undefined;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}
