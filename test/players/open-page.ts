import { fileURLToPath } from "node:url";
import type { Browser } from "playwright-core";
import { serve } from "./serve.ts";

/** What the page saw; times in seconds. */
export type Seen = {
  ended: boolean;
  duration: number;
  played: [number, number][];
  /** Of each track, what the browser holds. */
  tracks: [number, number][][];
  types: string[];
  frames: { time: number; number: number; height: number }[];
  troubles: string[];
};

/** `page.js`, as it is called from here. */
export type UnderTest = {
  open(player: string, url: string, codec: string): Promise<number[]>;
  playThrough(heights: number[], rate: number): Promise<void>;
  seek(time: number, lasts: number): Promise<number>;
  loop(): Promise<void>;
  scrub(rate: number): void;
  state(): Seen;
};
/** Of the page, where the functions that use it run. */
declare const underTest: UnderTest;

const path = (relative: string) => fileURLToPath(new URL(relative, import.meta.url));

/** Far longer than anything takes: what has not ended by then hangs, and the test says where. */
const hung = 240_000;

/**
 * A page with the players, and a server with a folder under `/video/`. Every warning, error and failed request
 * is one of the troubles.
 * @param prepare runs in the page before anything else does
 */
export async function openPage(browser: Browser, folder: string, prepare: () => void = () => {}) {
  const server = await serve({
    "": path("page"),
    libraries: path("../../node_modules"),
    video: folder,
  });
  const page = await browser.newPage();
  const troubles: string[] = [];
  page.on("console", (message) => {
    if (message.type() === "error" || message.type() === "warning") troubles.push(message.text());
  });
  page.on("pageerror", (error) => troubles.push(String(error)));
  page.on("response", (response) => {
    if (response.status() >= 400) troubles.push(`${response.url()}: ${response.status()}`);
  });
  page.setDefaultTimeout(0);
  await page.addInitScript(prepare);
  await page.goto(`${server.url}/index.html`);
  await page.waitForFunction(() => "underTest" in globalThis);

  /** @throws Error with the state of the page when it hangs */
  async function ending<T>(what: string, work: Promise<T>): Promise<T> {
    const timer = Promise.withResolvers<never>();
    const state = () => page.evaluate(() => JSON.stringify({ ...underTest.state(), frames: undefined }));
    const stop = setTimeout(
      () => state().then((words) => timer.reject(new Error(`${what} hangs: ${words}`)), timer.reject),
      hung,
    );
    return Promise.race([work, timer.promise]).finally(() => clearTimeout(stop));
  }

  return {
    page,
    troubles,
    requests: server.requests,
    url: (file: string) => `${server.url}/video/${file}`,
    open: (player: string, file: string, codec = "") =>
      ending(
        "open",
        page.evaluate(([name, url, codec]) => underTest.open(name, url, codec), [
          player,
          `${server.url}/video/${file}`,
          codec,
        ] as const),
      ),
    playThrough: (heights: number[], rate: number) =>
      ending(
        "playThrough",
        page.evaluate(([heights, rate]) => underTest.playThrough(heights, rate), [heights, rate] as const),
      ),
    seek: (time: number, lasts: number) =>
      ending(
        `seek to ${time}`,
        page.evaluate(([time, lasts]) => underTest.seek(time, lasts), [time, lasts] as const),
      ),
    loop: () =>
      ending(
        "loop",
        page.evaluate(() => underTest.loop()),
      ),
    scrub: (rate: number) => page.evaluate((rate) => underTest.scrub(rate), rate),
    /** Waits until so many have been shown. */
    frames: async (count: number) => {
      await page.waitForFunction((count) => underTest.state().frames.length >= count, count);
    },
    async seen(): Promise<Seen> {
      const state = await page.evaluate(() => underTest.state());
      return { ...state, troubles: [...state.troubles, ...troubles] };
    },
    async [Symbol.asyncDispose]() {
      await page.close();
      await server[Symbol.asyncDispose]();
    },
  };
}
