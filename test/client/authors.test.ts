import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { CanisterStatus } from "@dfinity/agent";
import { Principal } from "@dfinity/principal";
import { connectClient } from "@kiln/client";
import { type CanisterNetwork, ok, startCanisters } from "../canisters/network.ts";
import { authorsOnSubnets, type PlacedAuthor } from "./authors-on-subnets.ts";

let network: CanisterNetwork;
let authors: PlacedAuthor[];
before(async () => {
  network = await startCanisters();
  authors = await authorsOnSubnets(network);
});
after(() => network[Symbol.asyncDispose]());

const subnetOf = async (canister: string) => {
  const canisterId = Principal.fromText(canister);
  const status = await CanisterStatus.request({ agent: network.agent, canisterId, paths: ["subnet"] });
  return (status.get("subnet") as { subnetId: string }).subnetId;
};

const question = { feed: { newest: null }, cursor: [] as [], limit: 20, filter: [] as [] };

test("the index joins the authors of its own subnet only; the client joins those of every subnet", async () => {
  assert.ok(authors.length > 1);
  for (const { canister, subnet } of authors) assert.equal(await subnetOf(canister), subnet);
  const own = await subnetOf(network.canisters.content_index);
  const joined = ok(await network.admin.index.feed_with_authors(question)).authors;
  assert.deepEqual(
    joined.map(({ canister, profile }) => [canister.toText(), profile[0]?.display_name[0]]),
    authors.toReversed().map(({ canister, subnet, name }) => [canister, subnet === own ? name : undefined]),
  );

  const client = await connectClient({ host: network.url, canisters: network.canisters });
  const named: [string, string | undefined][] = [];
  for await (const { id, profile } of client.feeds.withAuthors("newest", { pageSize: 1 }))
    named.push([id, profile?.displayName]);
  assert.deepEqual(
    named,
    authors.toReversed().map(({ video, name }) => [video, name]),
  );
});

test("a feed is shown all the same while an author's canister is silent", async () => {
  const [, second] = authors;
  assert.ok(second !== undefined);
  await network.control.setCanisterStatus(second.canister, "stopped");
  const client = await connectClient({ host: network.url, canisters: network.canisters });
  const named: [string, string | undefined][] = [];
  for await (const { id, profile } of client.feeds.withAuthors("newest"))
    named.push([id, profile?.displayName]);
  await network.control.setCanisterStatus(second.canister, "running");
  assert.deepEqual(
    named,
    authors.toReversed().map(({ video, name }) => [video, video === second.video ? undefined : name]),
  );
});
