import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { Certifier, type Clock, systemClock } from "./certification/certifier.ts";
import { type Keys, keysOfFolder, makeKeys } from "./certification/keys.ts";
import type { GatewayPolicy } from "./gateway/check.ts";
import { gatewayOf } from "./gateway/gateway.ts";
import { IngressHistory } from "./http/ingress-history.ts";
import { type Subnet, subnetAt } from "./http/network.ts";
import { serverOf } from "./http/server.ts";
import { LocalnetError } from "./localnet-error.ts";
import type { Replica } from "./replica/types.ts";

export interface ServeOptions {
  host: string;
  /** 0 takes a free one. */
  port: number;
  /** Folder that keeps the keys; without it they last as long as the network. */
  state?: string;
  gateway?: GatewayPolicy;
  /** Minimum number of subnets; 1 by default. */
  subnets?: number;
  clock?: Clock;
}

/** A listening network. */
export interface Served extends AsyncDisposable {
  port: number;
  rootKey: Uint8Array;
}

/**
 * Serves a replica over HTTP. Disposing closes the server, then the replica.
 * @param openReplica makes the replica of the subnets whose ids it is given, the root subnet first
 * @throws LocalnetError PORT_TAKEN, PORT_REFUSED, STATE_UNREADABLE
 */
export async function serve(
  options: ServeOptions,
  openReplica: (subnetIds: Uint8Array[]) => Promise<Replica>,
): Promise<Served> {
  const { state, subnets: count = 1 } = options;
  const all = state ? await keysOfFolder(state, count) : Array.from({ length: count }, makeKeys);
  const clock = options.clock ?? systemClock;
  await using opened = new AsyncDisposableStack();
  const replica = opened.use(await openReplica(all.map(({ subnetId }) => subnetId)));
  const subnets = subnetsOf(all, replica, clock);
  const certifierOf = (id: Uint8Array) => subnetAt({ subnets }, { kind: "canister", id })!.certifier;
  const history = new IngressHistory(replica, certifierOf, clock);
  const rootKey = all[0]!.publicKey;
  const network = { replica, rootKey, subnets, history, clock };
  const server = serverOf(network, gatewayOf(network, options.gateway));
  const listening = once(server, "listening");
  server.listen(options.port, options.host);
  await listening.catch((error) => {
    throw listenError(options, error);
  });
  opened.defer(async () => {
    const closed = once(server, "close");
    server.close();
    server.closeAllConnections();
    await closed;
  });
  const resources = opened.move();
  const { port } = server.address() as AddressInfo;
  return { port, rootKey, [Symbol.asyncDispose]: () => resources.disposeAsync() };
}

function subnetsOf(all: Keys[], replica: Replica, clock: Clock): Subnet[] {
  const root = new Certifier({ all, index: 0 }, replica, clock);
  return all.map((keys, index) => ({
    keys,
    certifier: index === 0 ? root : new Certifier({ all, index }, replica, clock, root),
  }));
}

function listenError({ host, port }: ServeOptions, error: NodeJS.ErrnoException): LocalnetError {
  if (error.code === "EADDRINUSE") {
    const message = `port ${port} of ${host} is taken: stop what uses it or give another port (0 takes a free one)`;
    return new LocalnetError("PORT_TAKEN", message, { cause: error });
  }
  return new LocalnetError("PORT_REFUSED", `cannot listen at ${host}:${port}: ${error.message}`, {
    cause: error,
  });
}
