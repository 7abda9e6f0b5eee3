import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { impossibleTable } from "../../../src/transcode/probe/impossible-table.ts";
import { probe } from "../../../src/transcode/probe/probe.ts";
import { transcode } from "../../../src/transcode/transcode.ts";
import { clip, pattern, policy, scratch } from "../clip.ts";

const folder = await scratch();
const mp4 = await readFile(await clip(folder, "whole.mp4", pattern("160x90", 1)));
const webm = await readFile(
  await clip(folder, "whole.webm", pattern("160x90", 1, "-c:v libvpx -deadline realtime -g 10 -c:a libopus")),
);
const reading = { seconds: 60, secondOpinionSeconds: 60, memoryBytes: 1024 ** 3 };

async function altered(name: string, content: Buffer, change: (content: Buffer) => void): Promise<string> {
  const path = join(folder, name);
  const copy = Buffer.from(content);
  change(copy);
  await writeFile(path, copy);
  return path;
}

/** An upload that broke off: mediabunny reads such a tail for ever. */
const zeroTail = () =>
  altered("tail.webm", webm, (content) => content.fill(0, Math.floor(content.length * 0.75)));

/** Offset of a field of the first table of that name, counted from its type. */
const field = (content: Buffer, type: string, offset: number) => content.indexOf(type) + 4 + offset;

test("a second opinion is there, and nothing is missing", async () => {
  const { video } = await probe(join(folder, "whole.mp4"), { reading });
  assert.equal(video?.secondOpinionMissing, null);
  assert.equal(video?.otherDuration, 1);
});

const impossible: [what: string, change: (content: Buffer) => void, missing: RegExp][] = [
  [
    "entries without room for them",
    (content) => content.writeUInt32BE(0x100000, field(content, "stss", 4)),
    /^the table stss claims 1048576 entries in \d+ bytes$/,
  ],
  [
    "more samples than the file has bytes",
    (content) => content.writeUInt32BE(0x2000001e, field(content, "stts", 8)),
    /^the table stts claims 5368709\d\d samples in a file of \d+ bytes$/,
  ],
  [
    "samples of one size without end",
    (content) => {
      content.writeUInt32BE(1, field(content, "stsz", 4));
      content.writeUInt32BE(0xffffffff, field(content, "stsz", 8));
    },
    /^the table stsz claims 4294967295 samples in a file of \d+ bytes$/,
  ],
];
for (const [what, change, missing] of impossible)
  test(`a table that claims ${what} is found`, async () => {
    assert.match((await impossibleTable(await altered(`${what}.mp4`, mp4, change)))!, missing);
  });

test("a file with such a table is not read by the second reader, and ffprobe's word stands", async () => {
  const [, change, missing] = impossible[1]!;
  const { video } = await probe(await altered("samples.mp4", mp4, change), { reading });
  assert.match(video!.secondOpinionMissing!, missing);
  assert.deepEqual([video!.otherDuration, video!.timing.packets], [null, 30]);
});

test("a second reader that is late leaves ffprobe's word, and the manifest says so", async () => {
  const bounds = { ...reading, secondOpinionSeconds: 2 };
  const out = join(folder, "late");
  const { source, duration } = await transcode(await zeroTail(), {
    out,
    policy: { ...policy, ladder: [90], reading: bounds },
  });
  assert.match(source.secondOpinionMissing!, /second opinion was killed after 2 s/);
  assert.equal(source.otherDuration, null);
  assert.ok(duration > 0.5, `${duration} s`);
});

test("ffprobe is killed when it is late", async () => {
  const path = join(folder, "whole.mp4");
  const late = probe(path, { reading: { ...reading, seconds: 0.001 } });
  await assert.rejects(late, { code: "PROBE_LIMIT", final: false });
});

test("kiln probe obeys SIGTERM while a reader loops", async () => {
  const main = fileURLToPath(new URL("../../../src/cli/main.ts", import.meta.url));
  const env = { ...process.env, KILN_SECOND_OPINION_SECONDS: "3600" };
  const kiln = spawn(process.execPath, [main, "probe", await zeroTail()], { env, stdio: "ignore" });
  const exited = once(kiln, "exit");
  let reader: string | undefined;
  while (reader === undefined) {
    await new Promise((turn) => setTimeout(turn, 50));
    for (const child of await childrenOf(kiln.pid!))
      if (/reader-program/.test(await readFile(`/proc/${child}/cmdline`, "utf8").catch(() => "")))
        reader = child;
  }
  kiln.kill("SIGTERM");
  await exited;
  assert.equal(existsSync(`/proc/${reader}`), false);
});

async function childrenOf(pid: number): Promise<string[]> {
  const tasks = await readdir(`/proc/${pid}/task`).catch(() => []);
  const lists = tasks.map((task) => readFile(`/proc/${pid}/task/${task}/children`, "utf8").catch(() => ""));
  return (await Promise.all(lists)).flatMap((list) => list.split(" ").filter(Boolean));
}

const found = join(process.env.KILN_TEST_MEDIA ?? "", "found");
const skip = !process.env.KILN_TEST_MEDIA && "KILN_TEST_MEDIA is not set";
for (const [name, frames] of [
  ["stts-count.mp4", 15],
  ["zero-tail.webm", 12],
] as const)
  test(`${name}: what is there is played, within the bounds`, { skip }, async () => {
    const bounds = { ...reading, secondOpinionSeconds: 2 };
    const out = join(folder, name);
    const options = { out, policy: { ...policy, ladder: [90], reading: bounds } };
    const { renditions, source } = await transcode(join(found, name), options);
    assert.equal(renditions[0]!.frames, frames);
    assert.notEqual(source.secondOpinionMissing, null);
  });
