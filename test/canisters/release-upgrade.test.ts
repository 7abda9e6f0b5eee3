import assert from "node:assert/strict";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { modulesOf } from "../../canisters/compile.ts";
import { readModuleFolder } from "../../canisters/module-folder.ts";
import { canisterNames, deployedCanisters } from "../../src/base/canister-names.ts";
import { drill } from "../../src/ic/recovery/drill.ts";
import { startDeployed } from "../cli/deploy/deployed-network.ts";
import { kiln } from "../cli/kiln.ts";
import { withSection } from "./network.ts";
import { fill, goOn, readAll } from "./whole-state.ts";

const fixtures = fileURLToPath(new URL("../fixtures", import.meta.url));
const releases = (await readdir(fixtures)).filter((name) => name.startsWith("release-"));

for (const release of releases)
  test(`from ${release} kiln deploy upgrades every canister and keeps everything that could be read`, async () => {
    const modules = modulesOf(await readModuleFolder(join(fixtures, release)));
    // Different hashes, so that canisters which have not changed since are upgraded, too.
    for (const name of canisterNames) modules[name] = withSection(modules[name], release);
    await using network = await startDeployed(modules);
    const { agent, canisters, folder } = network;
    const filled = await fill(network);
    const { configuration: before, ...rest } = await readAll(network, filled);

    const deployed = await kiln(folder, "deploy", "--yes");
    assert.equal(deployed.code, 0, deployed.stderr);
    const upgraded = [...deployed.stdout.matchAll(/^- (upgrade \w+|roll out)/gm)].map(([, what]) => what);
    assert.deepEqual(upgraded, [...deployedCanisters.map((name) => `upgrade ${name}`), "roll out"]);
    const again = await kiln(folder, "deploy");
    assert.equal(again.stdout, "nothing to do: everything is as it should be\n");

    const { configuration: after, ...restAfter } = await readAll(network, filled);
    assert.deepEqual(restAfter, rest);
    // A deployment may add to the directory; earlier entries stay.
    const { audit, ...others } = after;
    assert.deepEqual({ ...others, audit: audit.slice(0, before.audit.length) }, before);
    await goOn(network, filled);
    assert.equal((await drill({ agent, canisters, scope: "everything" })).users, 2);
  });

test("there is a release to upgrade from", () => assert.ok(releases.length > 0));
