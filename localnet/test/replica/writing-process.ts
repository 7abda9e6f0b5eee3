import { once } from "node:events";
import { Principal } from "@dfinity/principal";
import { createReplica } from "../../src/replica/replica.ts";
import { actorOf, deploy } from "./local-canisters.ts";

/** Changes a canister without end and says after each save that it has done so; to be killed. */
const [state = "", id = ""] = process.argv.slice(2);
const [wasm] = await once(process, "message");
const replica = await createReplica({ subnetId: new Uint8Array(29), state });
const actor = id ? actorOf(replica, Principal.fromText(id)) : await deploy(replica, wasm);
for (;;) {
  const changes = Array.from({ length: 5 }, () => actor.update("advance", [], []));
  const saved = replica.flush();
  await Promise.all(changes);
  await saved;
  process.send!({ id: actor.id.toText() });
}
