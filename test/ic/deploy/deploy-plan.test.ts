import assert from "node:assert/strict";
import { test } from "node:test";
import { deployedCanisters } from "../../../src/base/canister-names.ts";
import { domainHashes } from "../../../src/ic/deploy/domains.ts";
import { placeOf, subnetFor } from "../../../src/ic/deploy/place.ts";
import {
  cost,
  type Desired,
  describe,
  type Observed,
  plan,
  recoverySteps,
  settled,
} from "../../../src/ic/deploy/plan.ts";

const modules: Desired["modules"] = {
  global_configuration: "g2",
  storage: "s2",
  content_index: "c2",
  data_backup: "d2",
  user_index: "i2",
  user: "u2",
};
const desired: Desired = {
  modules,
  settings: { operators: ["me"] },
  cycles: 5_000_000_000_000n,
  subnets: { roles: {} },
};
const settings: Observed["settings"] = {
  users_per_canister: 1_000,
  pool: 1,
  subnets: [],
  most_per_subnet: 1,
  cycles_per_canister: 1n,
  operators: ["me"],
  parallel_upgrades: 1,
  most_failures: 1,
  funding: { below: 1n, to: 1n, daily_limit: 1n, reserve: 1n },
};
const nothing: Observed = {
  canisters: {},
  buckets: [],
  registered: new Set(),
  watched: new Set(),
  deployerPublishes: false,
  settings: undefined,
  userModule: undefined,
  domains: [],
};
const everything: Observed = {
  canisters: Object.fromEntries(
    deployedCanisters.map((name) => [name, { id: name, moduleHash: modules[name], stopped: false }]),
  ),
  buckets: [],
  registered: new Set(deployedCanisters),
  watched: new Set(deployedCanisters),
  deployerPublishes: true,
  settings,
  userModule: "u2",
  domains: ["", ""],
};

test("on an empty network all canisters are created before the first is installed, then wired, then user canisters get a module", () => {
  const steps = plan(nothing, { ...desired, subnets: { all: "sub", roles: { storage: "other" } } });
  const others = deployedCanisters.filter((name) => name !== "user_index");
  assert.deepEqual(steps, [
    ...deployedCanisters.map((canister) => {
      const place = { on: canister === "storage" ? "other" : "sub" };
      const cycles = canister === "user_index" ? 15_000_000_000_000n : desired.cycles;
      return { do: "create", canister, cycles, place };
    }),
    ...deployedCanisters.map((canister) => ({ do: "install", canister, to: modules[canister] })),
    { do: "publish", who: "deployer" },
    ...deployedCanisters.map((canister) => ({ do: "register", canister })),
    ...others.map((canister) => ({ do: "fund", canister })),
    { do: "configure", settings: desired.settings },
    { do: "roll out", from: undefined, to: "u2" },
  ]);
  assert.equal(cost(steps), 35_000_000_000_000n);
  assert.equal(steps.map(describe)[0], "create global_configuration with 5 T of cycles on subnet sub");
});

test("nothing is done if the desired state has been reached", () =>
  assert.deepEqual(plan(everything, desired), []));

test("only what differs is changed", () => {
  const canisters = { ...everything.canisters, storage: { id: "storage", moduleHash: "s1", stopped: false } };
  assert.deepEqual(plan({ ...everything, canisters, userModule: "u1" }, desired), [
    { do: "upgrade", canister: "storage", from: "s1", to: "s2" },
    { do: "roll out", from: "u1", to: "u2" },
  ]);
});

test("a deployment that was interrupted after a creation continues with the created canister", () => {
  const canisters = {
    global_configuration: { id: "global_configuration", moduleHash: undefined, stopped: false },
  };
  const steps = plan({ ...nothing, canisters }, desired);
  assert.equal(steps.filter((step) => step.do === "create").length, 4);
  assert.deepEqual(
    steps.find((step) => step.do === "install"),
    { do: "install", canister: "global_configuration", to: "g2" },
  );
});

test("stopped canisters come first: settled by the journal if there is one, else started", () => {
  const stopped = (name: "storage" | "user_index") => ({
    id: name,
    moduleHash: modules[name],
    stopped: true,
  });
  const canisters = {
    ...everything.canisters,
    storage: stopped("storage"),
    user_index: stopped("user_index"),
  };
  const underWay = { canister: "storage", snapshot: "00", to: "s2" };
  assert.deepEqual(recoverySteps({ ...everything, canisters, underWay }), [
    { do: "settle", canister: "storage", underWay },
    { do: "start", canister: "user_index" },
  ]);
  assert.deepEqual(recoverySteps(everything), []);
});

test("domains are served where storage has others, and stay as they are without a word", () => {
  const domains = ["a.example"];
  const steps = plan(everything, { ...desired, domains });
  assert.deepEqual(steps, [{ do: "serve domains", domains }]);
  assert.deepEqual(plan({ ...everything, domains: domainHashes(domains) }, { ...desired, domains }), []);
  assert.deepEqual(plan({ ...everything, domains: domainHashes(domains) }, desired), []);
});

test("further storage canisters are upgraded, too", () => {
  const buckets = [
    { id: "second", moduleHash: "s1" },
    { id: "third", moduleHash: "s2" },
  ];
  assert.deepEqual(plan({ ...everything, buckets }, desired), [
    { do: "upgrade", canister: "storage", bucket: "second", from: "s1", to: "s2" },
  ]);
});

test("by default the backup goes to another subnet than the rest, and the rest stays together", () => {
  const places = deployedCanisters.map((canister) => placeOf(canister, { roles: {} }));
  assert.deepEqual(places, ["anywhere", "together", "together", "apart", "together"]);
  const known = { home: "a", taken: ["a", "c"], open: ["a", "b", "c"] };
  assert.equal(subnetFor("apart", known), "b");
  assert.equal(subnetFor("together", known), "a");
  assert.equal(subnetFor("anywhere", known), undefined);
  assert.equal(subnetFor("apart", { ...known, open: ["a"] }), "a", "where there is no other");
});

test("one figure of the funding is set without the others", () => {
  const wanted = {
    ...desired,
    settings: { operators: ["me"], funding: { daily_limit: 2_000_000_000_000n } },
  };
  const steps = plan(everything, wanted);
  assert.deepEqual(steps, [{ do: "configure", settings: wanted.settings }]);
  assert.equal(describe(steps[0]!), "set user_index: operators = me, daily_limit = 2 T");
  const { funding } = settled(settings, wanted.settings);
  assert.deepEqual(funding, { below: 1n, to: 1n, daily_limit: 2_000_000_000_000n, reserve: 1n });
});
