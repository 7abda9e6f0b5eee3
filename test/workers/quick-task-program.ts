import { existsSync } from "node:fs";
import { appendFile, copyFile, mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { TypedError } from "../../src/base/typed-error.ts";
import { readManifest } from "../../src/transcode/manifest.ts";
import { serveTask } from "../../src/workers/tasks/serve-task.ts";
import { sampleManifest } from "./stages/sample-manifest.ts";

/**
 * A child process whose work takes no time: what is tested is the pool. While the file `away` exists in KILN_TEST_PUBLIC,
 * the network is away; `calls` there has a line for each try to publish. While `held` exists there, an encode does not end.
 */
const folder = process.env.KILN_TEST_PUBLIC!;

serveTask({
  async ingest({ source, original }) {
    await mkdir(dirname(original));
    await copyFile(source, original);
    return {};
  },
  async transcode({ out }, { onProgress }) {
    onProgress({ stage: "encode", fraction: 0.5 });
    while (existsSync(join(folder, "held"))) await sleep(20);
    await mkdir(out, { recursive: true });
    await writeFile(join(out, "manifest.json"), JSON.stringify(sampleManifest));
    return {};
  },
  async publish({ video, folder: product }) {
    await readManifest(product);
    await appendFile(join(folder, "calls"), `${video}\n`);
    if (existsSync(join(folder, "away"))) throw new TypedError("CANISTER_UNREACHABLE", "no answer");
    return { url: `http://storage.example/v/${video}/` };
  },
});
