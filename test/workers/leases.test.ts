import assert from "node:assert/strict";
import { test } from "node:test";
import { Stopped } from "../../src/workers/failure-action.ts";
import { Leases } from "../../src/workers/leases.ts";

const why = (lease: AbortController) => (lease.signal.reason as Stopped | undefined)?.why;

test("a lost lock ends the lease of that job in that queue, and no other", async () => {
  const leases = new Leases();
  await leases.hold({ queueName: "ingest", id: "a" }, async (ingest) => {
    await leases.hold({ queueName: "transcode", id: "a" }, async (transcode) => {
      leases.lose("transcode", ["a", "b"]);
      assert.equal(why(transcode), "lease-lost");
      assert.equal(why(ingest), undefined);
      leases.endAll(new Stopped("worker-stops"));
      assert.equal(why(transcode), "lease-lost");
      assert.equal(why(ingest), "worker-stops");
    });
  });
});

test("a job taken again while its lost lease still ends: only the newer lease counts", async () => {
  const leases = new Leases();
  const job = { queueName: "transcode", id: "a" };
  let endFirst = () => {};
  const first = leases.hold(
    job,
    (lease) =>
      new Promise<AbortController>((end) => {
        endFirst = () => end(lease);
      }),
  );
  await leases.hold(job, async (second) => {
    endFirst();
    assert.equal(why(await first), "lease-lost");
    assert.equal(why(second), undefined);
    leases.lose("transcode", ["a"]);
    assert.equal(why(second), "lease-lost");
  });
});
