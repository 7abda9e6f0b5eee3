import { once } from "node:events";
import { createServer } from "node:net";
import { TypedError } from "../../base/typed-error.ts";

/**
 * Listens for a moment and stops again, so that a program whose port is taken ends before it has loaded anything.
 * @param settings what an error names, to be changed by the reader
 * @throws TypedError PORT_TAKEN, PORT_REFUSED
 */
export async function requireFreePort(
  { host, port }: { host: string; port: number },
  settings: string,
): Promise<void> {
  const server = createServer().listen(port, host);
  try {
    await once(server, "listening");
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === "EADDRINUSE")
      throw new TypedError(
        "PORT_TAKEN",
        `port ${port} of ${host} is taken: stop the program that uses it, or set ${settings} to another (0 takes a free one)`,
        { cause: error },
      );
    throw new TypedError("PORT_REFUSED", `cannot listen on ${host}:${port}: ${message}; set ${settings}`, {
      cause: error,
    });
  }
  server.close();
  await once(server, "close");
}
