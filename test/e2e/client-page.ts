import { once } from "node:events";
import { createServer, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import { fileURLToPath } from "node:url";
import type { Browser, BrowserContext, Page } from "playwright-core";
import { build } from "vite";
import { launchBrowser } from "../players/browser.ts";

export { noBrowser as skip } from "../players/browser.ts";

/** A browser and a site whose page has the client at hand, as `kiln`, and a button that calls `clicked`. */
export type ClientPages = AsyncDisposable & {
  /** URL of the site. */
  site: string;
  browser: Browser;
  /** A page of the dApp in a browser of its own, or in that of another page; whatever goes wrong in it is noted. */
  open(context?: BrowserContext): Promise<{ page: Page; troubles: string[] }>;
};

/** @param options.popups whether the browser opens windows that nobody has asked for; headless ones do by default */
export async function openClientPages(options: { popups?: "as asked" | "all" } = {}): Promise<ClientPages> {
  await using opened = new AsyncDisposableStack();
  const script = await bundle(new URL("../../packages/client/src/index.ts", import.meta.url));
  const served = opened.use(await serveSite(script, clientAtHand));
  const browser = await launchBrowser({
    ignoreDefaultArgs: options.popups === "as asked" ? ["--disable-popup-blocking"] : [],
  });
  opened.defer(() => browser.close());
  const resources = opened.move();
  return {
    site: served.url,
    browser,
    open: async (context) => {
      const page = await (context ?? (await browser.newContext())).newPage();
      const troubles: string[] = [];
      page.on("pageerror", (error) => troubles.push(String(error)));
      page.on("console", (message) => {
        if (message.type() === "error") troubles.push(message.text());
      });
      await page.goto(served.url);
      await page.waitForFunction(() => "kiln" in globalThis);
      return { page, troubles };
    },
    [Symbol.asyncDispose]: () => resources.disposeAsync(),
  };
}

/** The own script of a page that has the client at hand. */
export const clientAtHand = (script: string) => `import * as kiln from "${script}"; globalThis.kiln = kiln;`;

/** One script for browsers; what only Node has would fail here or there. */
export async function bundle(entry: URL): Promise<string> {
  const built = await build({
    configFile: false,
    logLevel: "error",
    build: {
      write: false,
      target: "esnext",
      lib: { entry: fileURLToPath(entry), formats: ["es"], fileName: "page" },
    },
  });
  const [first] = [built].flat();
  if (first === undefined || !("output" in first)) throw new Error("vite has built nothing");
  return first.output[0].code;
}

/**
 * A site on an address of its own: one page, whatever is asked for, which imports the script.
 * @param line of the page's own script
 */
export async function serveSite(
  script: string,
  line: (scriptName: string) => string,
): Promise<{ url: string } & AsyncDisposable> {
  const name = "/page.js";
  const answer: RequestListener = (request, response) => {
    const isScript = request.url === name;
    response.writeHead(200, { "content-type": isScript ? "text/javascript" : "text/html" });
    response.end(
      isScript
        ? script
        : `<!doctype html><link rel="icon" href="data:,"><button onclick="clicked()"></button><script type="module">${line(name)}</script>`,
    );
  };
  const server = createServer(answer).listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
    },
  };
}
