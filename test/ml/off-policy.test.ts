import assert from "node:assert/strict";
import { test } from "node:test";
import { seeded } from "../../src/base/random.ts";
import { estimateOffPolicy, type LoggedChoice } from "../../src/ml/evaluation/off-policy.ts";

/** Three items; the logged policy and the one in question choose differently, and the rewards differ. */
const logged = [0.6, 0.3, 0.1];
const target = [0.1, 0.2, 0.7];
const reward = [0.1, 0.2, 0.8];
const truth = target.reduce((sum, probability, item) => sum + probability * reward[item]!, 0);

function log(count: number, seed: number): LoggedChoice[] {
  const random = seeded(seed);
  const cumulative = Float64Array.of(0.6, 0.9, 1);
  return Array.from({ length: count }, (_, user) => {
    const item = random.weighted(cumulative);
    const liked = random.next() < reward[item]! ? 1 : 0;
    return { user, propensity: logged[item]!, target: target[item]!, reward: liked };
  });
}

test("IPS and SNIPS find what the other policy earns, which the plain mean of the log misses", () => {
  const choices = log(20_000, 1);
  const { ips, snips, effectiveChoices } = estimateOffPolicy(choices, { random: seeded(2) });
  for (const { mean, low, high } of [ips, snips]) {
    assert.ok(low < truth && truth < high, `${low} ${truth} ${high}`);
    assert.ok(Math.abs(mean - truth) < 0.03, `${mean} of ${truth}`);
  }
  const plain = choices.reduce((sum, choice) => sum + choice.reward, 0) / choices.length;
  assert.ok(Math.abs(plain - truth) > 0.3);
  // 1 / E[w^2] of the two policies is 1 / (0.1^2/0.6 + 0.2^2/0.3 + 0.7^2/0.1)
  assert.ok(Math.abs(effectiveChoices / choices.length - 1 / 5.05) < 0.02, `${effectiveChoices}`);
});

test("the same policy earns what was logged, with both estimates, and every choice counts", () => {
  const choices = log(1000, 3).map((choice) => ({ ...choice, target: choice.propensity }));
  const plain = choices.reduce((sum, choice) => sum + choice.reward, 0) / choices.length;
  const { ips, snips, effectiveChoices } = estimateOffPolicy(choices, { random: seeded(2) });
  assert.deepEqual([ips.mean, snips.mean, effectiveChoices], [plain, plain, 1000]);
});

test("a cap cuts the large weights; a policy that would never have done the same earns nothing known", () => {
  const choices = log(1000, 4);
  const capped = estimateOffPolicy(choices, { random: seeded(2), cap: 1 });
  assert.ok(capped.ips.mean < truth / 2);
  const never = choices.map((choice) => ({ ...choice, target: 0 }));
  const { ips, snips, effectiveChoices } = estimateOffPolicy(never, { random: seeded(2) });
  assert.deepEqual([ips.mean, snips.mean, effectiveChoices], [0, 0, 0]);
});
