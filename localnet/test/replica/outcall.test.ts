import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { buffer } from "node:stream/consumers";
import { after, before, test } from "node:test";
import { IDL } from "@dfinity/candid";
import { Principal } from "@dfinity/principal";
import { outcallArg, outcallResponse } from "../../src/replica/management/outcall-interface.ts";
import { createReplica, type LocalReplica } from "../../src/replica/replica.ts";
import { type Actor, actorOf, create, deploy, fixture, installCode, manage } from "./local-canisters.ts";

const subnetId = new Uint8Array(29);
const billion = 1_000_000_000n;
const answer = IDL.Variant({ ok: outcallResponse, failed: IDL.Tuple(IDL.Text, IDL.Text) });
const reply = [answer];

let wasm: Uint8Array;
let replica: LocalReplica;
let actor: Actor;
let url: string;
const asked: { method: string; url: string; headers: IncomingMessage["headers"]; body: string }[] = [];
const server = createServer(async (request, response) => {
  const body = (await buffer(request)).toString();
  asked.push({ method: request.method!, url: request.url!, headers: request.headers, body });
  if (request.url === "/away") response.writeHead(302, { location: "/elsewhere" });
  else
    response.writeHead(
      200,
      [
        ["X-Kind", "test"],
        ["Set-Cookie", "a=1"],
        ["Set-Cookie", "b=2"],
      ].flat(),
    );
  response.sendDate = false;
  response.end(request.method === "HEAD" ? undefined : "x".repeat(1000));
});

before(async () => {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  wasm = await fixture("Outcall");
  const instructionLimits = { query: 50_000_000n };
  replica = await createReplica({ subnetId, outcalls: "loopback", instructionLimits });
  actor = await deploy(replica, wasm);
});
after(async () => {
  server.close();
  server.closeAllConnections();
  await replica[Symbol.asyncDispose]();
});

const request = (given: object = {}) => ({
  url: `${url}/data?q=1`,
  max_response_bytes: [],
  method: { get: null },
  headers: [],
  body: [],
  transform: [],
  ...given,
});
const ask = (given: object = {}, cycles = 100n * billion) =>
  actor.update(
    "ask",
    [
      [outcallArg, request(given)],
      [IDL.Nat, cycles],
    ],
    reply,
  );
type How = { plain: null } | { endless: null } | { large: null } | { others: Principal };
const how = IDL.Variant({ plain: IDL.Null, endless: IDL.Null, large: IDL.Null, others: IDL.Principal });
const askWith = (transform: How, given: object = {}) =>
  actor.update(
    "askWith",
    [
      [outcallArg, request(given)],
      [how, transform],
      [IDL.Nat, 100n * billion],
    ],
    reply,
  );

/** The price list: (3,000,000 + 60,000 n + 400 a byte that goes + 800 a byte that may come) n, of 13 nodes. */
const price = (sent: number, most: bigint) =>
  (3_000_000n + 60_000n * 13n + 400n * BigInt(sent) + 800n * most) * 13n;

test("a canister asks a server and gets all that it answered", async () => {
  asked.length = 0;
  const headers = [{ name: "X-Question", value: "why" }];
  const body = [...Buffer.from("the question")];
  const got = await ask({ method: { post: null }, headers, body: [body] });
  const { "user-agent": agent, "x-question": question } = asked[0]!.headers;
  assert.deepEqual(
    [asked.length, asked[0]!.method, asked[0]!.url, asked[0]!.body, agent, question],
    [1, "POST", "/data?q=1", "the question", "ic/1.0", "why"],
  );
  const { status, headers: fields, body: content } = got.ok;
  assert.equal(status, 200n);
  assert.equal(Buffer.from(content).toString(), "x".repeat(1000));
  const own = fields.filter(({ name }: { name: string }) => ["x-kind", "set-cookie"].includes(name));
  assert.deepEqual(own, [
    { name: "x-kind", value: "test" },
    { name: "set-cookie", value: "a=1" },
    { name: "set-cookie", value: "b=2" },
  ]);
});

test("HEAD has no body, and a redirect is an answer like others", async () => {
  const head = await ask({ method: { head: null } });
  assert.deepEqual([head.ok.status, head.ok.body.length], [200n, 0]);
  const away = await ask({ url: `${url}/away` });
  assert.equal(away.ok.status, 302n);
  assert.deepEqual(
    away.ok.headers.filter(({ name }: { name: string }) => name === "location"),
    [{ name: "location", value: "/elsewhere" }],
  );
});

test("the canister's own query makes of the response what the canister gets, and leaves no trace", async () => {
  for (let turn = 0; turn < 2; turn++) {
    const { ok } = await askWith({ plain: null });
    // Who asks is the management canister, and each time it is the first call.
    const body = `(${Principal.managementCanister()}, 1_000, "\\63\\6F\\6E", 1)`;
    assert.deepEqual({ ...ok, body: Buffer.from(ok.body).toString() }, { status: 200n, headers: [], body });
  }
});

type Refusal = [
  what: string,
  ask: () => Promise<{ failed: [string, string] }>,
  code: string,
  message: RegExp,
];
const refusals: Refusal[] = [
  [
    "a body that is too large",
    () => ask({ max_response_bytes: [1000n] }),
    "#system_fatal",
    /Http body exceeds size limit of 1000 bytes/,
  ],
  [
    "headers that are too large",
    () => ask({ max_response_bytes: [5n] }),
    "#system_fatal",
    /Header size exceeds specified response size limit 5/,
  ],
  [
    "a limit beyond the platform's",
    () => ask({ max_response_bytes: [2_000_001n] }),
    "#canister_reject",
    /range \[0\.\.2000000\], got 2000001/,
  ],
  [
    "too few cycles",
    () => ask({ max_response_bytes: [0n] }, 1n),
    "#canister_reject",
    /http_request request sent with 1 cycles, but \d+ cycles are required\./,
  ],
  [
    "a server that is not there",
    () => ask({ url: "http://127.0.0.1:1/" }),
    "#system_transient",
    /Failed to connect: .*ECONNREFUSED/,
  ],
  [
    "a server elsewhere",
    () => ask({ url: "https://192.0.2.1/" }),
    "#system_fatal",
    /192\.0\.2\.1 cannot be reached/,
  ],
  ...["127.evil.example", "127.0.0.1.evil.example", "localhost.evil.example", "evilicp0.io"].map(
    (host): Refusal => [
      `a name that only resembles this machine or the mainnet: ${host}`,
      () => ask({ url: `http://${host}/` }),
      "#system_fatal",
      new RegExp(`${host} cannot be reached: this network's outcalls go to 127\\.0\\.0\\.1 only`),
    ],
  ),
  ["what is no URL", () => ask({ url: "nonsense" }), "#system_fatal", /Failed to parse URL/],
  [
    "too many headers",
    () => ask({ headers: Array.from({ length: 65 }, () => ({ name: "a", value: "b" })) }),
    "#canister_reject",
    /number of headers exceeds/,
  ],
  [
    "a transform that never ends",
    () => askWith({ endless: null }),
    "#canister_error",
    /exceeded the limit of 50000000 instructions/,
  ],
  [
    "a transform that makes it too large",
    () => askWith({ large: null }, { max_response_bytes: [1200n] }),
    "#system_fatal",
    /Transformed http response exceeds limit: 1200/,
  ],
];
for (const [what, act, code, message] of refusals) {
  test(`an outcall fails with ${what}`, async () => {
    const { failed } = await act();
    assert.equal(failed?.[0], code);
    assert.match(failed[1], message);
  });
}

test("another canister's function is no transform", async () => {
  const { failed } = await askWith({ others: (await deploy(replica, wasm)).id });
  assert.match(failed[1], /must be one of the canister that makes the request/);
});

test("it costs what the price list says, also when it fails; the rest comes home", async () => {
  const bookkeeping = async () => {
    const { cycles } = await manage(replica, "canister_status", { canister_id: actor.id });
    const { cycles_consumed } = await manage(replica, "canister_metrics", { canister_id: actor.id });
    const all = Object.values<bigint>(cycles_consumed).reduce((sum, part) => sum + part, cycles);
    return { all, outcalls: cycles_consumed.http_outcalls };
  };
  const sent = `${url}/data?q=1`.length;
  for (const [most, end] of [
    [2_000n, "ok"],
    [10n, "failed"],
  ] as const) {
    const before = await bookkeeping();
    assert.ok(end in (await ask({ max_response_bytes: [most] })));
    const after = await bookkeeping();
    assert.deepEqual(after, { all: before.all, outcalls: before.outcalls + price(sent, most) });
  }
});

test("outcalls are off unless switched on", async () => {
  await using closed = await createReplica({ subnetId });
  const id = await create(closed);
  await installCode(closed, id, wasm);
  const { failed } = await actorOf(closed, id).update(
    "ask",
    [
      [outcallArg, request()],
      [IDL.Nat, 100n * billion],
    ],
    reply,
  );
  assert.deepEqual(failed, [
    "#canister_error",
    "This API is not enabled on this subnet: start the network with outcalls switched on.",
  ]);
});

test("only canisters make outcalls", async () => {
  await assert.rejects(manage(replica, "http_request", request()), /IC0406 .*only by canisters/);
});
