import type { PublicKey } from "@dfinity/agent";
import { DelegationChain, isDelegationValid } from "@dfinity/identity";
import { Signer, SignerError } from "@icp-sdk/signer";
import {
  PostMessageTransport,
  PostMessageTransportError,
  type PostMessageTransportOptions,
} from "@icp-sdk/signer/web";
import { TypedError } from "./typed-error.ts";

/** Milliseconds between checks whether the user has closed the provider's window. */
const lookEvery = 300;

/** Milliseconds that a provider's page may take until its first message. */
const longestSilence = 60_000;

/**
 * Opens the identity provider's window and has it delegate to a key. The window is opened before anything is awaited,
 * because browsers allow it only in answer to a click.
 * @param request.url of the provider's page, which supports ICRC-29 and ICRC-34, like that of Internet Identity
 * @param request.maxTimeToLive nanoseconds
 * @param makeKey called once the window is open
 * @throws TypedError SIGN_IN_BLOCKED, SIGN_IN_CLOSED, SIGN_IN_UNANSWERED, SIGN_IN_REFUSED, SIGN_IN_INVALID,
 *   DELEGATION_INVALID
 */
export async function askForDelegation(
  request: { url: string; derivationOrigin?: string | undefined; maxTimeToLive: bigint },
  makeKey: () => Promise<PublicKey>,
): Promise<DelegationChain> {
  const { url, derivationOrigin, maxTimeToLive } = request;
  const opened = watchOpening();
  const signer = new Signer({
    transport: transportTo(url, opened.window),
    ...(derivationOrigin === undefined ? {} : { derivationOrigin }),
  });
  try {
    const asked = async () => {
      await signer.openChannel();
      const publicKey = await makeKey();
      const chain = await signer.requestDelegation({
        // The same bytes, in the type of another package.
        publicKey: publicKey as Parameters<typeof signer.requestDelegation>[0]["publicKey"],
        maxTimeToLive,
      });
      return checked(DelegationChain.fromJSON(chain.toJSON()), publicKey, url);
    };
    return await Promise.race([asked(), opened.closedByUser]);
  } catch (error) {
    throw explained(error, url);
  } finally {
    opened.stopLooking();
    await signer.closeChannel();
  }
}

function transportTo(url: string, window: Page): PostMessageTransport {
  try {
    return new PostMessageTransport({
      url,
      window: window as unknown as NonNullable<PostMessageTransportOptions["window"]>,
      establishTimeout: longestSilence,
      // The browser applies its own rule, which also covers keys and asynchronous work started by a click.
      detectNonClickEstablishment: false,
    });
  } catch (cause) {
    throw new TypedError(
      "SIGN_IN_INVALID",
      `${url} is no identity provider: it must be an https address, or one of this machine`,
      { cause },
    );
  }
}

/** The part of a browser's window that is used here. */
type Page = {
  open(url?: string, name?: string, features?: string): { readonly closed: boolean } | null;
  focus(): void;
  addEventListener(type: string, listener: () => void): void;
  removeEventListener(type: string, listener: () => void): void;
};

/** The part of this window that the transport uses, and whether a window that it opened was closed. */
function watchOpening() {
  const page = globalThis as unknown as Page;
  const { promise: closedByUser, reject } = Promise.withResolvers<never>();
  closedByUser.catch(() => {});
  const closed = new TypedError(
    "SIGN_IN_CLOSED",
    "the identity provider's window was closed before it had answered",
  );
  let looking: ReturnType<typeof setInterval> | undefined;
  const window: Page = {
    open: (...place) => {
      const child = page.open(...place);
      looking = setInterval(() => {
        if (child?.closed) reject(closed);
      }, lookEvery);
      return child;
    },
    focus: () => page.focus(),
    addEventListener: (...listening) => page.addEventListener(...listening),
    removeEventListener: (...listening) => page.removeEventListener(...listening),
  };
  return { window, closedByUser, stopLooking: () => clearInterval(looking) };
}

/** Rejects only what the network would certainly reject: verifying signatures is left to the network. */
function checked(chain: DelegationChain, key: PublicKey, url: string): DelegationChain {
  const last = chain.delegations.at(-1);
  const own = new Uint8Array(key.toDer());
  const theirs = new Uint8Array(last?.delegation.pubkey ?? []);
  const isForUs = theirs.length === own.length && theirs.every((byte, place) => byte === own[place]);
  if (isForUs && isDelegationValid(chain)) return chain;
  const why = isForUs ? "has ended already: look at this machine's clock" : "is for another key";
  throw new TypedError("DELEGATION_INVALID", `the delegation of ${url} ${why}`);
}

/** @source ICRC-25, "Errors": 3000 and above come from the user or the provider, 4000 is the way between */
function explained(error: unknown, url: string): unknown {
  if (error instanceof TypedError) return error;
  const { message } = error as Error;
  if (error instanceof PostMessageTransportError || isOfTransport(error)) {
    if (/could not be opened/.test(message))
      return new TypedError(
        "SIGN_IN_BLOCKED",
        "the browser has not opened the identity provider's window: call signIn in answer to a click, and allow pop-ups",
        { cause: error },
      );
    return new TypedError(
      "SIGN_IN_UNANSWERED",
      `${url} does not answer as an identity provider: ${message}`,
      { cause: error },
    );
  }
  return new TypedError("SIGN_IN_REFUSED", `${url} refuses to sign in: ${message}`, { cause: error });
}

const networkError = 4000;

function isOfTransport(error: unknown): boolean {
  return error instanceof SignerError && error.code === networkError;
}
