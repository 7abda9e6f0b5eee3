import { once } from "node:events";
import { startLocalnet } from "../../src/index.ts";

/** A network of two subnets in a process of its own: says where it is, and ends when its parent lets go of it. */
await using network = await startLocalnet({ subnets: 2 });
process.send!(network.url);
await once(process, "disconnect");
