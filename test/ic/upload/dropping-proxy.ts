import { once } from "node:events";
import { createServer, request } from "node:http";
import type { AddressInfo } from "node:net";

/**
 * A way to the network that fails: every `nth` request that comes in is cut off, half of these before it is
 * passed on and half when the answer is there, which the client never sees.
 */
export async function startDroppingProxy(
  target: string,
  nth: number,
): Promise<{ url: string } & AsyncDisposable> {
  let count = 0;
  const server = createServer((incoming, outgoing) => {
    count += 1;
    const drop = count % nth !== 0 ? "never" : (count / nth) % 2 === 0 ? "before" : "after";
    if (drop === "before") return void incoming.socket.destroy();
    const { method, headers, url } = incoming;
    const passed = request(new URL(url ?? "/", target), { method, headers }, (answer) => {
      if (drop === "after") return void incoming.socket.destroy();
      outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(outgoing);
    });
    passed.on("error", () => incoming.socket.destroy());
    incoming.pipe(passed);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    async [Symbol.asyncDispose]() {
      server.close();
      server.closeAllConnections();
    },
  };
}
