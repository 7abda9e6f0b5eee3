import { userIndexClient } from "../../src/ic/canisters/user-index-client.ts";
import { type CanisterNetwork, ok } from "../canisters/network.ts";
import { readyPost, resident } from "../canisters/users.ts";
import { video } from "../canisters/videos.ts";

/** Somebody with a canister on one of the subnets, a profile and a video. */
export type PlacedAuthor = {
  subnet: string;
  canister: string;
  principal: string;
  name: string;
  video: string;
};

/** One author a subnet of the network, the root subnet's first, each with a canister and a published video. */
export async function authorsOnSubnets(network: CanisterNetwork): Promise<PlacedAuthor[]> {
  const users = userIndexClient({ agent: network.agent, canisterId: network.canisters.user_index });
  const settings = await users.settings();
  const authors: PlacedAuthor[] = [];
  for (const [number, subnet] of (await network.control.subnetIds()).entries()) {
    await users.configure({ ...settings, users_per_canister: 1, pool: 0, subnets: [subnet] });
    const author = await resident(network);
    const name = `author ${number}`;
    ok(await author.own.update_profile_details({ display_name: name, bio: "", profile_picture_url: "" }));
    const id = `by-author-${number}`;
    await readyPost(network.admin, author, id);
    ok(await network.admin.index.upsert_video({ ...video(id), owner: author.principal }));
    while (ok(await network.admin.at(author.canister).sync()).index_waiting > 0n);
    const [canister, principal] = [author.canister.toText(), author.principal.toText()];
    authors.push({ subnet, canister, principal, name, video: id });
  }
  await users.configure(settings);
  return authors;
}
