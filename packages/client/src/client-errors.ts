/** Properties of an error code. */
export type ErrorEntry = {
  /** True: the same call fails again. False: it may succeed later, or elsewhere. */
  final: boolean;
  /** What to do about it, in a sentence or two. */
  advice: string;
  /** The HTTP status with which the API answers; without one it is 500 where final, else 503. */
  status?: number;
};

/** Every code that this package throws. */
export const clientErrors = {
  CALL_REFUSED: {
    final: true,
    advice: "the host or the canister refuses the call: check the address and the identity",
  },
  CANISTER_FAILED: { final: true, advice: "the canister trapped: its message says why" },
  CANISTER_NOT_FOUND: {
    final: true,
    advice: "there is no such canister, or it lacks this method: check its id, or upgrade it",
  },
  CANISTER_UNREACHABLE: {
    final: false,
    advice: "check the address and that the network runs, then start again: what has arrived is kept",
  },
  CERTIFICATE_INVALID: {
    final: true,
    advice:
      "the answer is not signed with the expected root key: use another gateway; a local network needs its own key",
  },
  DELEGATION_INVALID: {
    final: false,
    advice: "the identity provider delegated to another key or for too short: sign in again",
  },
  FEED_REFUSED: { final: true, advice: "correct the feed's filter, limit or cursor" },
  MEDIA_GONE: { final: true, advice: "the video was taken down: show another" },
  MEDIA_MISMATCH: {
    final: true,
    advice: "the bytes are not those that the certified manifest lists: use another gateway",
  },
  MEDIA_UNREACHABLE: { final: false, advice: "the gateway does not answer: try again in a moment" },
  NETWORK_INVALID: {
    final: true,
    advice: "correct the network's description: host, root key, the canisters' ids",
  },
  NO_USER_CANISTER: { final: false, advice: "user_index has none to assign yet: ask again in a moment" },
  REPLY_UNKNOWN: { final: true, advice: "the canister is of another version: upgrade it or Kiln" },
  SESSION_OVER: { final: true, advice: "the session has ended: sign in again" },
  SIGN_IN_BLOCKED: {
    final: false,
    advice: "call signIn in answer to a click, and have the user allow pop-ups",
  },
  SIGN_IN_CLOSED: {
    final: false,
    advice: "the user closed the identity provider's window: offer to sign in again",
  },
  SIGN_IN_INVALID: {
    final: true,
    advice: "correct the options of signIn: the provider's address, the hours",
  },
  SIGN_IN_OTHER: {
    final: false,
    advice: "another user signed in while the session was renewed: start again as that user",
  },
  SIGN_IN_REFUSED: { final: true, advice: "the identity provider refuses: its message says why" },
  SIGN_IN_UNANSWERED: {
    final: false,
    advice: "the address does not answer as an identity provider: check it, or try again later",
  },
  UNAUTHORIZED: {
    final: true,
    advice:
      "the identity lacks the role that the canister's method needs: use another, or have an admin grant it",
  },
  USER_REFUSED: { final: true, advice: "the user canister refuses the change: its message says why" },
} as const satisfies Record<string, ErrorEntry>;

export type ClientErrorCode = keyof typeof clientErrors;
