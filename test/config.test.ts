import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { globSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { z } from "zod";
import { inKilnHome } from "../src/base/kiln-home.ts";
import { stalePages } from "../src/cli/dev/generated-pages.ts";
import { settingsPage } from "../src/cli/dev/settings-page.ts";
import { settingsSchemas, unknownSettings } from "../src/cli/known-settings.ts";
import { readSettings } from "../src/config.ts";

const schema = z.object({
  KILN_SLOTS: z.coerce.number().int().min(1).max(64).default(2),
  KILN_HOST: z.url(),
});

test("settings: defaults are filled, empty variables count as absent, foreign ones are ignored", () => {
  assert.deepEqual(readSettings(schema, { KILN_SLOTS: "", KILN_HOST: "http://a.example", HOME: "/root" }), {
    KILN_SLOTS: 2,
    KILN_HOST: "http://a.example",
  });
});

test("settings: a wrong one names the variable, the value and what is allowed", () => {
  assert.throws(() => readSettings(schema, { KILN_SLOTS: "999", KILN_HOST: "http://a.example" }), {
    code: "SETTING_INVALID",
    message: 'KILN_SLOTS="999" is not allowed: it must be at most 64',
  });
  assert.throws(() => readSettings(schema, {}), {
    code: "SETTING_INVALID",
    message: "KILN_HOST is not set: it must be given",
  });
});

test("settings: what is wrong is said in words for people", () => {
  const settings = z.object({
    KILN_COUNT: z.coerce.number().int().default(1),
    KILN_SHARE: z.coerce.number().gt(0).lt(1).default(0.5),
    KILN_MODE: z.enum(["on", "off"]).default("on"),
    KILN_API_TOKEN: z.string().min(16).optional(),
    KILN_REDIS_URL: z.url({ protocol: /^redis$/ }).optional(),
  });
  for (const [name, value, message] of [
    ["KILN_COUNT", "many", 'KILN_COUNT="many" is not allowed: it must be a number'],
    ["KILN_COUNT", "1.5", 'KILN_COUNT="1.5" is not allowed: it must be a whole number'],
    ["KILN_SHARE", "0", 'KILN_SHARE="0" is not allowed: it must be more than 0'],
    ["KILN_SHARE", "2", 'KILN_SHARE="2" is not allowed: it must be less than 1'],
    ["KILN_MODE", "maybe", 'KILN_MODE="maybe" is not allowed: it must be one of on, off'],
    [
      "KILN_API_TOKEN",
      "hunter2",
      "KILN_API_TOKEN (its value is secret) is not allowed: it must have at least 16 characters",
    ],
    [
      "KILN_REDIS_URL",
      "http://ann:hunter2@host",
      "KILN_REDIS_URL (its value is secret) is not allowed: Invalid URL",
    ],
  ] as const)
    assert.throws(() => readSettings(settings, { [name]: value }), { code: "SETTING_INVALID", message });
});

test("the page of settings: a row each with default, values and unit, once each", () => {
  const first = z.object({
    KILN_SLOTS: z.coerce.number().int().min(1).default(2).meta({ description: "jobs at a time" }),
    KILN_WAIT: z.coerce.number().positive().default(5).meta({ description: "a pause", unit: "seconds" }),
    KILN_FOLDER: z
      .string()
      .default(() => inKilnHome("somewhere"))
      .meta({ description: "a folder" }),
  });
  const second = z.object({
    ...first.shape,
    KILN_MODE: z.enum(["on", "off"]).optional().meta({ description: "a mode", shownDefault: "as it was" }),
    KILN_LIST: z
      .string()
      .transform((text) => text.split(","))
      .default(["a", "b"])
      .meta({ description: "a list" }),
  });
  const page = settingsPage([first.meta({ title: "First" }), second.meta({ title: "Second" })]);
  assert.equal(
    page.slice(page.indexOf("## ")),
    `## First
| setting | default | values | |
| --- | --- | --- | --- |
| \`KILN_SLOTS\` | \`2\` | at least 1 | jobs at a time |
| \`KILN_WAIT\` | \`5\` | above 0 seconds | a pause |
| \`KILN_FOLDER\` | \`somewhere\` in \`KILN_HOME\` |  | a folder |

## Second
| setting | default | values | |
| --- | --- | --- | --- |
| \`KILN_MODE\` | as it was | \`on\`, \`off\` | a mode |
| \`KILN_LIST\` | \`a,b\` |  | a list |
`,
  );
});

test("docs/reference: no generated page is stale (./kiln check --fix writes them)", async () => {
  assert.deepEqual(await stalePages(), []);
});

test("folders that Kiln keeps lie in KILN_HOME, whatever the working directory", () => {
  const script = `
    import { readSettings } from "./src/config.ts";
    import { settingsSchemas } from "./src/cli/known-settings.ts";
    import { localDeploymentFile } from "./src/ic/network/deployment.ts";
    process.chdir("/");
    const values = settingsSchemas.flatMap((schema) => Object.entries(readSettings(schema, {})));
    const paths = values.map(([, value]) => value).filter((value) => /^[/.]/.test(value));
    console.log(JSON.stringify([...new Set([...paths, localDeploymentFile()])].toSorted()));`;
  const root = fileURLToPath(new URL("..", import.meta.url));
  const paths = (env: NodeJS.ProcessEnv): string[] => {
    const options = { cwd: root, env, encoding: "utf8" } as const;
    const { stdout, stderr } = spawnSync(process.execPath, ["--input-type=module", "-e", script], options);
    assert.equal(stderr, "");
    return JSON.parse(stdout);
  };
  const names = ["blobs", "gpu", "lake", "localnet/kiln.json", "parts"];
  const pem = "./identity.pem"; // The compose file's, beside it.
  assert.deepEqual(paths({}), [pem, ...names.map((name) => `${root}.kiln/${name}`), `${root}models`]);
  const inHome = [...names, "models"].toSorted().map((name) => `/elsewhere/${name}`);
  assert.deepEqual(paths({ KILN_HOME: "/elsewhere" }), [pem, ...inHome]);
});

test("settings: a name that nothing reads is found, with the one that was meant", () => {
  const names = ["KILN_LADER", "KILN_LADDER", "KILN_DEBUG", "KILN_TEST_MEDIA", "KILN_SOMETHING_ELSE", "PATH"];
  assert.deepEqual(unknownSettings(names), [
    { name: "KILN_LADER", nearest: "KILN_LADDER" },
    { name: "KILN_SOMETHING_ELSE", nearest: undefined },
  ]);
});

test("settings: every folder's schema is among the known ones", async () => {
  const files = globSync("src/**/*.ts", { cwd: new URL("..", import.meta.url) });
  let found = 0;
  for (const file of files) {
    const source = await readFile(new URL(`../${file}`, import.meta.url), "utf8");
    for (const [, name] of source.matchAll(/^export const (\w+Settings) = z\b/gm)) {
      const { [name!]: schema } = await import(new URL(`../${file}`, import.meta.url).href);
      assert.ok(settingsSchemas.includes(schema), `${file}: ${name}`);
      found++;
    }
  }
  assert.equal(found, settingsSchemas.length);
});
