import { randomBytes } from "node:crypto";
import { Actor, type HttpAgent } from "@dfinity/agent";
import { idlFactory, type _SERVICE as Service } from "@kiln/client/bindings/storage";
import { createAgent } from "@kiln/client/network/agent";
import { startLocalnet } from "@kiln/localnet";
import { compileCanisters } from "../canisters/compile.ts";
import { maxChunkBytes } from "../src/base/chunk-bytes.ts";
import { storageClient } from "../src/ic/canisters/storage-client.ts";
import { installKiln } from "../src/ic/deploy/install-kiln.ts";
import { madeUpIdentity } from "../src/ic/network/identity.ts";
import { fingerprint, type LocalFile } from "../src/ic/upload/local-file.ts";
import { upload } from "../src/ic/upload/uploader.ts";
import { median } from "./median.ts";

const segments = 16;
const runs = 5;

/** Speeds in MB/s (1 MB is 10^6 bytes), medians of interleaved runs, and the one divided by the other. */
export type UploadRatio = { uploader: number; bareLoop: number; ratio: number };

/**
 * The uploader, from the first look at the files to the commit, beside a bare loop of put_chunk calls, one at a
 * time, into the same storage canister on the same local network. Files are media segments of one chunk.
 */
export async function uploadRatio(): Promise<UploadRatio> {
  const modules = await compileCanisters();
  await using localnet = await startLocalnet();
  const agent = await createAgent({
    host: localnet.url,
    identity: madeUpIdentity(),
    rootKey: { from: "bytes", bytes: localnet.rootKey },
  });
  const canisters = await installKiln({ agent, modules });
  const uploader: number[] = [];
  const bareLoop: number[] = [];
  for (let run = 0; run < runs; run++) {
    bareLoop.push(await loopSpeed(agent, canisters.storage, `loop-${run}`));
    uploader.push(await uploaderSpeed(agent, canisters.storage, `uploader-${run}`));
  }
  const [fast, bare] = [median(uploader), median(bareLoop)];
  return { uploader: fast, bareLoop: bare, ratio: fast / bare };
}

async function uploaderSpeed(agent: HttpAgent, canisterId: string, uploadId: string): Promise<number> {
  const storage = storageClient({ agent, canisterId });
  const files = video(uploadId);
  return speed(() => upload({ storage, uploadId, attempt: 1, files }));
}

/** Declaring is left out of the time, and committing out of the loop. */
async function loopSpeed(agent: HttpAgent, canisterId: string, uploadId: string): Promise<number> {
  const files = video(uploadId);
  const declared = await Promise.all(
    files.map(async (file) => ({ ...file, ...(await fingerprint(file.source, maxChunkBytes)) })),
  );
  await storageClient({ agent, canisterId }).beginUpload({
    uploadId,
    attempt: 1,
    chunkBytes: maxChunkBytes,
    files: declared,
  });
  const actor = Actor.createActor<Service>(idlFactory, { agent, canisterId });
  return speed(async () => {
    for (const [file, { source }] of files.entries())
      await actor.put_chunk(uploadId, 1n, { file, chunk: 0, bytes: source.bytes });
  });
}

/** New bytes every time, so that nothing is there already. */
function video(name: string): (LocalFile & { source: { kind: "bytes"; bytes: Uint8Array } })[] {
  return Array.from({ length: segments }, (_, segment) => ({
    path: `/bench/${name}/${segment}`,
    contentType: "video/mp4",
    cacheControl: "no-store",
    source: { kind: "bytes", bytes: randomBytes(maxChunkBytes) },
  }));
}

/** MB/s of sending one video. */
async function speed(send: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await send();
  return (segments * maxChunkBytes) / 1e6 / ((performance.now() - start) / 1e3);
}
