import { Actor, type Agent } from "@dfinity/agent";
import { type _SERVICE as Configuration, idlFactory } from "@kiln/client/bindings/global_configuration";
import { PrincipalText, readReply } from "@kiln/client/network/reply";
import { withRetry } from "@kiln/client/network/retry";
import { z } from "zod";
import type { CanisterKind } from "./roles.ts";

const Page = z.array(z.object({ id: PrincipalText }));

/** Page size. */
const pageSize = 1_000;

/**
 * Ids of the project's canisters of one kind, as text, sorted.
 * @param configuration id of global_configuration
 * @throws TypedError those of `withRetry`
 */
export async function canistersOf(
  agent: Agent,
  configuration: string,
  kind: CanisterKind,
): Promise<string[]> {
  const actor = Actor.createActor<Configuration>(idlFactory, { agent, canisterId: configuration });
  const target = `global_configuration canister ${configuration}`;
  const wanted = { [kind]: null } as Parameters<Configuration["canisters"]>[0]["kind"][0] & object;
  const found: string[] = [];
  for (let after: Parameters<Configuration["canisters"]>[0]["after"] = []; ; ) {
    const question = { kind: [wanted], subnet: [], after, limit: pageSize } as Parameters<
      Configuration["canisters"]
    >[0];
    const answered = await withRetry(() => actor.canisters(question), { target });
    const page = readReply(Page, answered, target);
    found.push(...page.map(({ id }) => id));
    const last = answered.at(-1);
    if (last === undefined || page.length < pageSize) return found;
    after = [last.id];
  }
}
