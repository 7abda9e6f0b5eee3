import type { Agent } from "@dfinity/agent";
import { type Profile, profileOf } from "./profile.ts";

/** As returned by the index: `profile` only if the canister is on the same subnet. Ids in text form. */
export type IndexedAuthor = { owner: string; canister: string; profile: Profile | undefined };

/**
 * Profiles by author: those that the index has joined; the others, on other subnets, are requested from their canisters
 * in parallel.
 * @param asked replies for earlier pages; added to
 */
export async function joinAuthors(
  agent: Agent,
  authors: readonly IndexedAuthor[],
  asked: Map<string, Promise<Profile | undefined>>,
): Promise<Map<string, Profile | undefined>> {
  const joined = authors.map(async ({ owner, canister, profile }) => {
    if (profile !== undefined) return [owner, profile] as const;
    const place = `${owner} ${canister}`;
    const answer = asked.get(place) ?? profileOf(agent, canister, owner);
    asked.set(place, answer);
    return [owner, await answer] as const;
  });
  return new Map(await Promise.all(joined));
}
