import { readFileSync } from "node:fs";

const { version } = JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8"));

/** The version of this checkout of Kiln. */
export const kilnVersion: string = version;
