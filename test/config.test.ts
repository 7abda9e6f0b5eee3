import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { test } from "node:test";
import { z } from "zod";
import { AnalysisSettings } from "../src/analysis/settings.ts";
import { ApiSettings } from "../src/api/settings.ts";
import { LogSettings } from "../src/base/log.ts";
import { readSettings } from "../src/config.ts";
import { EventSettings } from "../src/events/settings.ts";
import { FeedSettings } from "../src/feed/settings.ts";
import { IcSettings } from "../src/ic/network/settings.ts";
import { MlSettings } from "../src/ml/settings.ts";
import { QueueSettings } from "../src/queues/settings.ts";
import { TranscodeSettings } from "../src/transcode/base/settings.ts";
import { VideoSettings } from "../src/videos/settings.ts";
import { WorkerSettings } from "../src/workers/settings.ts";

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
    message: /KILN_SLOTS="999" is not allowed: .*<=64/,
  });
  assert.throws(() => readSettings(schema, {}), {
    code: "SETTING_INVALID",
    message: /KILN_HOST is not set/,
  });
});

test("README.md names every setting", async () => {
  const readme = await readFile(new URL("../README.md", import.meta.url), "utf8");
  const schemas = [
    AnalysisSettings,
    ApiSettings,
    FeedSettings,
    EventSettings,
    MlSettings,
    QueueSettings,
    VideoSettings,
    WorkerSettings,
    IcSettings,
    TranscodeSettings,
    LogSettings,
  ];
  for (const name of schemas.flatMap(({ shape }) => Object.keys(shape)))
    assert.ok(readme.includes(`\`${name}\``), name);
});
