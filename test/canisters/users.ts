import assert from "node:assert/strict";
import { IDL } from "@dfinity/candid";
import { Principal } from "@dfinity/principal";
import { init, type PostInput, type Status, type _SERVICE as User } from "@kiln/client/bindings/user";
import type { KilnCanisters } from "../../src/ic/network/deployment.ts";
import { type Caller, type CanisterNetwork, ok } from "./network.ts";

/** A caller with a user canister. */
export type Resident = Caller & { canister: Principal; own: User };

export async function resident(network: CanisterNetwork): Promise<Resident> {
  const caller = await network.newCaller();
  const reply = await caller.users.get_requester_principals_canister_id_create_if_not_exists();
  assert.ok("Ok" in reply, JSON.stringify(reply));
  return { ...caller, canister: reply.Ok, own: caller.at(reply.Ok) };
}

/** The init arguments of the user canisters. */
export function argumentsOfUser(canisters: KilnCanisters): Uint8Array {
  const { global_configuration, user_index, content_index, data_backup } = canisters;
  const wiring = {
    global_configuration: Principal.fromText(global_configuration),
    user_index: Principal.fromText(user_index),
    content_index: [Principal.fromText(content_index)],
    data_backup: [Principal.fromText(data_backup)],
  };
  return IDL.encode(init({ IDL }), [wiring]);
}

export const postInput = (video_uid: string, given: Partial<PostInput> = {}): PostInput => ({
  video_uid,
  description: `about ${video_uid}`,
  hashtags: ["dance"],
  is_nsfw: false,
  creator_consent_for_inclusion_in_hot_or_not: true,
  ...given,
});

/** Adds a post and takes it through the pipeline until it is visible. */
export async function readyPost(admin: Caller, author: Resident, video_uid: string): Promise<bigint> {
  const id = ok(await author.own.add_post(postInput(video_uid)));
  const pipeline: Status[] = [{ Transcoding: null }, { CheckingExplicitness: null }, { ReadyToView: null }];
  for (const status of pipeline)
    ok(await admin.at(author.canister).update_post_status({ owner: author.principal, id }, status));
  return id;
}

/** Waits until nothing is left to back up. */
export async function backedUp(admin: Caller, canister: Principal): Promise<void> {
  for (;;) {
    const state = ok(await admin.at(canister).sync());
    if (state.backup_waiting === 0n) return;
  }
}
