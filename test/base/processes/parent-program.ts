import { askChild } from "../../../src/base/processes/ask-child.ts";
import { oddOperation } from "./odd-operations.ts";

/** Prints the id of a child whose event loop is blocked, and waits for it for ever. */
const program = new URL("odd-program.ts", import.meta.url);
await askChild(program, oddOperation, { deed: "loop" }, { onReport: (pid) => console.log(pid) });
