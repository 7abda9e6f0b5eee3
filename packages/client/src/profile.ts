import { Actor, type Agent } from "@dfinity/agent";
import type { IDL } from "@dfinity/candid";
import { Principal } from "@dfinity/principal";
import { z } from "zod";
import { Optional, PrincipalText, readReply } from "./network/reply.ts";

/** A user's own description. */
export type Profile = { displayName?: string; pictureUrl?: string };

/** As passed on by the content index: every field may be missing. */
export const ProfileReply = z
  .object({
    principal_id: Optional(PrincipalText),
    display_name: Optional(z.string()),
    unique_user_name: Optional(z.string()),
    profile_picture_url: Optional(z.string()),
  })
  .transform(({ display_name, profile_picture_url }) => profile(display_name, profile_picture_url));

type UserCanister = { get_profile_details: (user: Principal) => Promise<unknown> };

const idlFactory: IDL.InterfaceFactory = ({ IDL: idl }) => {
  const details = idl.Record({
    display_name: idl.Opt(idl.Text),
    profile_picture_url: idl.Opt(idl.Text),
  });
  return idl.Service({ get_profile_details: idl.Func([idl.Principal], [idl.Opt(details)], ["query"]) });
};

const DetailsReply = Optional(
  z.object({ display_name: Optional(z.string()), profile_picture_url: Optional(z.string()) }),
);

/**
 * Requests a user's profile from their canister, on any subnet.
 * @returns undefined if there is none or the canister does not reply: the feed is shown without it
 */
export async function profileOf(
  agent: Agent,
  canisterId: string,
  user: string,
): Promise<Profile | undefined> {
  const actor = Actor.createActor<Record<keyof UserCanister, never>>(idlFactory, { agent, canisterId });
  try {
    const answered = await (actor as unknown as UserCanister).get_profile_details(Principal.fromText(user));
    const found = readReply(DetailsReply, answered, `user canister ${canisterId}`);
    return found && profile(found.display_name, found.profile_picture_url);
  } catch {
    return undefined;
  }
}

/** Empty strings count as missing. */
function profile(displayName: string | undefined, pictureUrl: string | undefined): Profile {
  return { ...(displayName && { displayName }), ...(pictureUrl && { pictureUrl }) };
}
