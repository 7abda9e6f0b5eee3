import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { Ed25519KeyIdentity } from "@dfinity/identity";
import { Principal } from "@dfinity/principal";
import type * as Kiln from "@kiln/client";
import type { BrowserContext, Page } from "playwright-core";
import { type CanisterNetwork, startCanisters } from "../canisters/network.ts";
import { installProvider } from "../client/identity-provider/install-provider.ts";
import { bundle, type ClientPages, clientAtHand, openClientPages, serveSite, skip } from "./client-page.ts";

/** Of the page, where the functions that use it run. */
declare const kiln: typeof Kiln;
declare global {
  /** What the page's button has led to. */
  var outcome: Promise<{ code: string } | { principal: string }> | undefined;
  var clicked: () => void;
  var session: Kiln.Session | undefined;
}

let network: CanisterNetwork;
let pages: ClientPages;
let provider: { url: string } & AsyncDisposable;
before(async () => {
  if (skip) return;
  network = await startCanisters();
  pages = await openClientPages({ popups: "as asked" });
  const script = await bundle(new URL("./identity-provider-page.ts", import.meta.url));
  provider = await serveSite(script, (name) => `import "${name}";`);
});
after(async () => {
  if (skip) return;
  await pages[Symbol.asyncDispose]();
  await provider[Symbol.asyncDispose]();
  await network[Symbol.asyncDispose]();
});

/** The provider's address for a user, and how it is to behave. */
const at = (behaviour: Record<string, string>) => `${provider.url}?${new URLSearchParams(behaviour)}`;

/** As `seed` of the provider's page. */
const principalOf = (user: string) =>
  Ed25519KeyIdentity.generate(new TextEncoder().encode(user.padEnd(32, ".")))
    .getPrincipal()
    .toText();

/** Clicks a button that signs in or renews, and says what came of it. */
async function click(page: Page, identityProvider: string, what: "signIn" | "renew" = "signIn") {
  await page.evaluate(
    ([url, action]) => {
      globalThis.clicked = () => {
        const act = async () => {
          if (action === "renew") await globalThis.session!.renew();
          else globalThis.session = await kiln.signIn({ identityProvider: url! });
          return { principal: globalThis.session!.identity.getPrincipal().toText() };
        };
        globalThis.outcome = act().catch((error: { code: string }) => ({ code: error.code }));
      };
    },
    [identityProvider, what],
  );
  await page.click("button");
  return () => page.evaluate(() => globalThis.outcome);
}

/** The canister of who has signed in, over an update call that the network verifies; or why there is none. */
const ownCanister = (page: Page) =>
  page.evaluate(
    async ({ host, canisters }) => {
      try {
        const client = await kiln.connectClient({ host, canisters }, globalThis.session!.identity);
        return (await client.users.mine()).canisterId;
      } catch (error) {
        return (error as { code: string }).code;
      }
    },
    { host: network.url, canisters: network.canisters },
  );

async function resumed(page: Page): Promise<string | undefined> {
  await page.reload();
  await page.waitForFunction(() => "kiln" in globalThis);
  return await page.evaluate(async () => {
    globalThis.session = await kiln.resumeSession();
    return globalThis.session?.identity.getPrincipal().toText();
  });
}

test("signs in over a chain of delegations, acts, is taken up after a reload, renews, signs out", {
  skip,
}, async () => {
  const { page, troubles } = await pages.open();
  const ada = principalOf("ada");
  assert.equal(await resumed(page), undefined);
  assert.deepEqual(await (await click(page, at({ user: "ada" })))(), { principal: ada });
  const canister = await ownCanister(page);
  const [assigned] = await network.admin.users.get_user_canister_id_from_user_principal_id(
    Ed25519KeyIdentity.generate(new TextEncoder().encode("ada".padEnd(32, "."))).getPrincipal(),
  );
  assert.equal(canister, assigned?.toText());

  assert.equal(await resumed(page), ada);
  assert.equal(await ownCanister(page), canister);
  await click(page, at({ user: "ada" }));
  await page.evaluate(() => globalThis.outcome);
  const expires = await page.evaluate(() => globalThis.session!.expires);
  assert.deepEqual(await (await click(page, "", "renew"))(), { principal: ada });
  assert.ok((await page.evaluate(() => globalThis.session!.expires)) > expires);
  assert.equal(await ownCanister(page), canister);

  await page.evaluate(() => globalThis.session!.signOut());
  assert.equal(await ownCanister(page), "SESSION_OVER");
  assert.equal(await resumed(page), undefined);
  assert.deepEqual(troubles, []);
  await page.context().close();
});

test("signs in with the signatures of a canister, as Internet Identity's are; another page, another user", {
  skip,
}, async () => {
  const canister = (await installProvider(network.agent)).toText();
  const { page, troubles } = await pages.open();
  const first = await (await click(page, at({ canister, host: network.url })))();
  assert.ok(first !== undefined && "principal" in first, JSON.stringify(first));
  const assigned = await ownCanister(page);
  const user = Principal.fromText(first.principal);
  const [found] = await network.admin.users.get_user_canister_id_from_user_principal_id(user);
  assert.equal(assigned, found?.toText());
  await click(page, at({ canister, host: network.url }));
  assert.deepEqual(await page.evaluate(() => globalThis.outcome), first);

  await using other = await serveSite(
    await bundle(new URL("../../packages/client/src/index.ts", import.meta.url)),
    clientAtHand,
  );
  await page.goto(other.url);
  await page.waitForFunction(() => "kiln" in globalThis);
  const elsewhere = await (await click(page, at({ canister, host: network.url })))();
  assert.ok(elsewhere !== undefined && "principal" in elsewhere && elsewhere.principal !== first.principal);
  assert.deepEqual(troubles, []);
  await page.context().close();
});

test("a session that has ended says so, and is not taken up", { skip }, async () => {
  const { page } = await pages.open();
  await (await click(page, at({ user: "ada" })))();
  await page.clock.setFixedTime(Date.now() + 9 * 3_600_000);
  assert.equal(await ownCanister(page), "SESSION_OVER");
  assert.equal(await resumed(page), undefined);
  await page.context().close();
});

const failures: [how: string, code: string][] = [
  ["refuses", "SIGN_IN_REFUSED"],
  ["delegates to another", "DELEGATION_INVALID"],
  ["has ended", "DELEGATION_INVALID"],
];
for (const [how, code] of failures)
  test(`a provider that ${how}: ${code}, and nobody is signed in`, { skip }, async () => {
    const { page } = await pages.open();
    assert.deepEqual(await (await click(page, at({ how, user: "ada" })))(), { code });
    assert.equal(await resumed(page), undefined);
    await page.context().close();
  });

for (const how of ["says nothing", "waits"])
  test(`the provider's window is closed while it ${how}`, { skip }, async () => {
    const { page } = await pages.open();
    const opening = page.waitForEvent("popup");
    const outcome = await click(page, at({ how }));
    const popup = await opening;
    await popup.waitForLoadState();
    await popup.close();
    assert.deepEqual(await outcome(), { code: "SIGN_IN_CLOSED" });
    await page.context().close();
  });

test("a window that the browser does not open, a session too long, an address that is no provider's", {
  skip,
}, async () => {
  const { page } = await pages.open();
  const codes = await page.evaluate(async (url) => {
    const codeOf = (error: { code: string }) => error.code;
    // A window takes what the browser allows after one click.
    (globalThis as unknown as { open(address: string): void }).open("about:blank");
    const blocked = await kiln.signIn({ identityProvider: url }).catch(codeOf);
    const invalid = await kiln.signIn({ identityProvider: url, hours: 1_000 }).catch(codeOf);
    return [blocked, invalid, await kiln.signIn({ identityProvider: "http://example.org" }).catch(codeOf)];
  }, provider.url);
  assert.deepEqual(codes, ["SIGN_IN_BLOCKED", "SIGN_IN_INVALID", "SIGN_IN_INVALID"]);
  await page.context().close();
});

test("somebody else cannot renew a session", { skip }, async () => {
  const { page } = await pages.open();
  await (await click(page, at({ user: "ada" })))();
  // The provider remembers no user: the address that the session was begun with is another's now.
  await (page.context() as BrowserContext).route(`${provider.url}*`, (route) =>
    route.request().url().includes("user=ada")
      ? route.fulfill({ status: 302, headers: { location: at({ user: "eve" }) } })
      : route.continue(),
  );
  assert.deepEqual(await (await click(page, "", "renew"))(), { code: "SIGN_IN_OTHER" });
  assert.equal(await resumed(page), principalOf("ada"));
  await page.context().close();
});
