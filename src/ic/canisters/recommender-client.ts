import { Actor, type Agent } from "@dfinity/agent";
import { Principal } from "@dfinity/principal";
import { idlFactory, type _SERVICE as Service } from "@kiln/client/bindings/content_index";
import { readResult, unauthorized } from "@kiln/client/network/reply";
import { type RetryPolicy, withRetry } from "@kiln/client/network/retry";
import { z } from "zod";
import { TypedError } from "../../base/typed-error.ts";

/** The run of a model that a push comes from. The sequence increases with every run, across model versions. */
export type Run = { modelVersion: string; sequence: number };

/** The result of a push: `unknown` videos are not in the index, `stale` ones already have values of a newer run. */
export type Applied = { applied: number; stale: number; unknown: number };

/** For one user, by the text form of the principal, or for a segment of users. Videos by id, best first. */
export type PushedFeed = { target: { user: string } | { segment: string }; videos: readonly string[] };

/**
 * What a recommender pushes to the content index. Any number of values is split over as many calls as needed. All
 * methods are idempotent: repeated values change nothing, and values of an older run are skipped. All throw
 * TypedError: UNAUTHORIZED, PUSH_INVALID, and those of `withRetry`.
 */
export type RecommenderClient = {
  readonly canisterId: string;
  /** Places in the feed `top`, the highest first; fractions are cut off. */
  updateScores(run: Run, scores: Iterable<{ id: string; top: number }>): Promise<Applied>;
  pushFeeds(run: Run, feeds: Iterable<PushedFeed>): Promise<Applied>;
  /** Vectors of the model's items, all with the same number of dimensions, at most 512. */
  putVectors(run: Run, vectors: Iterable<{ id: string; vector: Int8Array }>): Promise<Applied>;
};

/** Values per call, well within the canister's limits and the platform's 2 MiB. */
const atOnce = { scores: 10_000, feeds: 50, vectors: 2_000 };

const AppliedReply = z.object({ applied: z.number(), stale: z.number(), unknown: z.number() });
const Refusal = z.union([z.object({ unauthorized: z.string() }), z.object({ invalid: z.string() })]);

/** @param options.canisterId text form of the content index canister's principal */
export function recommenderClient(options: {
  agent: Agent;
  canisterId: string;
  retry?: RetryPolicy;
}): RecommenderClient {
  const { agent, canisterId, retry: policy } = options;
  const actor = Actor.createActor<Service>(idlFactory, { agent, canisterId });
  const target = `content index canister ${canisterId}`;

  async function push<Value>(
    values: Iterable<Value>,
    size: number,
    send: (part: Value[]) => Promise<unknown>,
  ): Promise<Applied> {
    const total = { applied: 0, stale: 0, unknown: 0 };
    for (const part of parts(values, size)) {
      const reply = await withRetry(() => send(part), { target, policy });
      const result = readResult(AppliedReply, Refusal, reply, target);
      if (result.kind === "err") throw await refused(result.error);
      total.applied += result.value.applied;
      total.stale += result.value.stale;
      total.unknown += result.value.unknown;
    }
    return total;
  }

  async function refused(error: z.infer<typeof Refusal>): Promise<TypedError> {
    if ("invalid" in error)
      return new TypedError("PUSH_INVALID", `${target} refuses the push: ${error.invalid}`);
    const caller = (await agent.getPrincipal()).toText();
    return unauthorized({ target, caller, why: error.unauthorized });
  }

  return {
    canisterId,
    updateScores: (run, scores) =>
      push(scores, atOnce.scores, (part) =>
        actor.update_scores({
          ...header(run),
          scores: part.map(({ id, top }) => ({ id, top: BigInt(Math.trunc(top)) })),
        }),
      ),
    pushFeeds: (run, feeds) =>
      push(feeds, atOnce.feeds, (part) =>
        actor.push_feeds({
          ...header(run),
          feeds: part.map((feed) => ({
            target: "user" in feed.target ? { user: Principal.fromText(feed.target.user) } : feed.target,
            videos: [...feed.videos],
          })),
        }),
      ),
    putVectors: (run, vectors) =>
      push(vectors, atOnce.vectors, (part) =>
        actor.put_vectors({
          model_version: run.modelVersion,
          dimensions: part[0]!.vector.length,
          vectors: part.map(({ id, vector }) => ({ id, vector: new Uint8Array(vector) })),
        }),
      ),
  };
}

function header({ modelVersion, sequence }: Run) {
  return { model_version: modelVersion, sequence: BigInt(sequence) };
}

/** Cuts the values into lists of at most `size`, none empty. */
function* parts<Value>(values: Iterable<Value>, size: number): Generator<Value[]> {
  let part: Value[] = [];
  for (const value of values) {
    part.push(value);
    if (part.length < size) continue;
    yield part;
    part = [];
  }
  if (part.length > 0) yield part;
}
