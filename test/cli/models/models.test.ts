import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { fileURLToPath } from "node:url";
import { register } from "../../../src/ml/registry/registry.ts";
import { facts, row, writeDraft } from "../../ml/registry/facts.ts";

const main = fileURLToPath(new URL("../../../src/cli/main.ts", import.meta.url));
const folder = await mkdtemp(join(tmpdir(), "kiln-models-"));
after(() => rm(folder, { recursive: true }));

function models(...args: string[]) {
  return new Promise<{ code: number; stdout: string; stderr: string }>((resolve) => {
    const options = { cwd: folder, env: { KILN_HOME: folder } };
    const child = execFile(process.execPath, [main, "models", ...args], options, (_, stdout, stderr) =>
      resolve({ code: child.exitCode!, stdout, stderr }),
    );
  });
}

test("kiln models: list, show, compare, promote through the gate, roll back, clean up", async () => {
  const empty = await models("list");
  assert.deepEqual(
    [empty.code, empty.stdout],
    [0, `no versions in ${folder}/models: kiln train makes one\n`],
  );

  const registry = { folder: join(folder, "models") };
  const draft = await writeDraft(join(folder, "draft"), "weights");
  const noon = Date.UTC(2026, 10, 21, 12);
  const good = await register(registry, draft, facts(), noon);
  const weak = await register(
    registry,
    draft,
    facts({ config: { reach: 9 }, metrics: [row("M", "candidate", 0.05), row("Pop", "baseline", 0.1)] }),
    noon + 1000,
  );
  const better = await register(registry, draft, facts(), noon + 2000);

  const refused = await models("promote", weak.version);
  assert.deepEqual([refused.code, refused.stdout], [1, ""]);
  assert.match(refused.stderr, /^GATE_REFUSED: .* NDCG@10 0\.0500, Pop has 0\.1000 \(--force/);

  const promoted = await models("promote", good.version);
  assert.deepEqual([promoted.code, promoted.stdout], [0, `${good.version} serves now (promote)\n`]);
  const forced = await models("promote", weak.version, "--force", "--json");
  assert.deepEqual(JSON.parse(forced.stdout).history[1].objections, ["NDCG@10 0.0500, Pop has 0.1000"]);
  const back = await models("rollback");
  assert.equal(back.stdout, `${good.version} serves now (rollback)\n`);
  const none = await models("rollback");
  assert.match(none.stderr, /^NOTHING_TO_ROLL_BACK: /);

  const listed = JSON.parse((await models("list", "--json")).stdout);
  assert.deepEqual(listed, { active: good.version, versions: [good, weak, better] });
  const list = (await models("list")).stdout.split("\n");
  assert.match(list[1]!, new RegExp(`^\\*  ${good.version}  markov  none .* 0\\.2000 +passes$`));
  assert.match(list[2]!, new RegExp(`^   ${weak.version} .* 0\\.0500 +held back$`));

  const shown = await models("show", weak.version);
  assert.match(shown.stdout, /every checksum right[\s\S]*!! NDCG@10 0\.0500, Pop has 0\.1000/);
  const compared = await models("compare", good.version, weak.version);
  assert.match(compared.stdout, /0\.2000[\s\S]*0\.0500[\s\S]*reach +5 +9/);

  const cleaned = await models("gc", "--keep", "1");
  assert.equal(cleaned.stdout, "1 removed, 2 kept\n");
  const gone = await models("show", weak.version);
  assert.match(gone.stderr, /^VERSION_UNKNOWN: /);
});
