import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { Certifier, type Clock, systemClock } from "./certification/certifier.ts";
import { type Keys, keysOfFolder, makeKeys } from "./certification/keys.ts";
import type { GatewayPolicy } from "./gateway/check.ts";
import { gatewayOf } from "./gateway/gateway.ts";
import { IngressHistory } from "./http/ingress-history.ts";
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
  clock?: Clock;
}

/** A network that listens. */
export interface Served extends AsyncDisposable {
  port: number;
  rootKey: Uint8Array;
}

/**
 * Puts the HTTP side before a replica and listens. Disposing closes the server, then the replica.
 * @param openReplica makes the replica of the subnet whose id it is given
 * @throws LocalnetError PORT_TAKEN, PORT_REFUSED, STATE_UNREADABLE
 */
export async function serve(
  options: ServeOptions,
  openReplica: (subnetId: Uint8Array) => Promise<Replica>,
): Promise<Served> {
  const keys: Keys = options.state ? await keysOfFolder(options.state) : makeKeys();
  const clock = options.clock ?? systemClock;
  await using opened = new AsyncDisposableStack();
  const replica = opened.use(await openReplica(keys.subnetId));
  const certifier = new Certifier(keys, replica, clock);
  const history = new IngressHistory(replica, certifier, clock);
  const network = { replica, keys, certifier, history, clock };
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
  return { port, rootKey: keys.rootKey, [Symbol.asyncDispose]: () => resources.disposeAsync() };
}

function listenError({ host, port }: ServeOptions, error: NodeJS.ErrnoException): LocalnetError {
  if (error.code === "EADDRINUSE") {
    const say = `port ${port} of ${host} is taken: stop what uses it or give another port (0 takes a free one)`;
    return new LocalnetError("PORT_TAKEN", say, { final: false, cause: error });
  }
  return new LocalnetError("PORT_REFUSED", `cannot listen at ${host}:${port}: ${error.message}`, {
    cause: error,
  });
}
