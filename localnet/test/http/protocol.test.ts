import assert from "node:assert/strict";
import { createHash, generateKeyPairSync, sign } from "node:crypto";
import { once } from "node:events";
import { request as httpRequest } from "node:http";
import { test } from "node:test";
import { Certificate, LookupPathStatus, lookupResultToBuffer } from "@dfinity/agent";
import { Principal } from "@dfinity/principal";
import { encode } from "cborg";
import { decodeCbor, encodeCbor } from "../../src/certification/cbor.ts";
import { hashOfMap } from "../../src/certification/request-id.ts";
import { serve } from "../../src/serve.ts";
import { inMemoryCanister, inMemoryReplica, rejected, replied } from "../in-memory-replica.ts";
import { anonymousBody, derOf, ed25519Signer, signedBody, signerOf } from "./envelope.ts";

/** The network's time stands still: 2026-01-01, in nanoseconds. */
const now = BigInt(Date.UTC(2026, 0, 1)) * 1_000_000n;
const minute = 60_000_000_000n;

async function start() {
  let runs = 0;
  const canister = inMemoryCanister(1, {
    updates: {
      run: ({ ingress }) => {
        runs += 1;
        return replied(Buffer.concat([ingress.sender, Uint8Array.of(runs)]));
      },
    },
    queries: { sender: ({ ingress }) => replied(ingress.sender) },
  });
  const replica = inMemoryReplica([canister]);
  const network = await serve({ host: "127.0.0.1", port: 0, clock: () => now }, async () => replica);
  const id = Principal.fromUint8Array(canister.id).toText();
  const call = {
    request_type: "call",
    canister_id: canister.id,
    method_name: "run",
    arg: new Uint8Array(),
    ingress_expiry: now + minute,
  };
  const query = { ...call, request_type: "query", method_name: "sender" };
  const post = async (path: string, body: Uint8Array, type = "application/cbor") => {
    const response = await fetch(`http://127.0.0.1:${network.port}${path}`, {
      method: "POST",
      headers: { "content-type": type },
      body: new Uint8Array(body),
    });
    const bytes = new Uint8Array(await response.arrayBuffer());
    const isCbor = response.headers.get("content-type") === "application/cbor";
    const text = Buffer.from(bytes).toString();
    return {
      status: response.status,
      text,
      value: isCbor ? (decodeCbor(bytes) as Record<string, unknown>) : undefined,
    };
  };
  const api = (version: number, endpoint: string, body: Uint8Array, of = id) =>
    post(`/api/v${version}/canister/${of}/${endpoint}`, body);
  return { network, replica, canister, id, call, query, post, api, runs: () => runs };
}

test("a request outside of its time is refused in the words that agents look for", async () => {
  const { network, api, query } = await start();
  await using _ = network;
  for (const [expiry, status] of [
    [now - 1n, 400],
    [now, 400],
    [now + 1n, 200],
    [now + 6n * minute, 200],
    [now + 6n * minute + 1n, 400],
  ] as const) {
    const late = { ...query, ingress_expiry: expiry };
    const answer = await api(2, "query", signedBody(ed25519Signer(), late));
    assert.equal(answer.status, status);
    assert.equal((await api(2, "query", anonymousBody(late))).status, 200, "what nobody signs may come late");
    if (status === 400) assert.match(answer.text, /^Invalid request expiry: .*Provided expiry/);
  }
});

test("a request that is not what was signed, or is by nobody who may, is refused", async () => {
  const { network, api, query } = await start();
  await using _ = network;
  const signer = ed25519Signer();
  const good = await api(2, "query", signedBody(signer, query));
  assert.equal(good.value?.status, "replied");
  const refused = {
    "changed after signing": signedBody(signer, query, { method_name: "other" }),
    "unknown fields added": signedBody(signer, query, { extra: 1 }),
    "another sender": signedBody(signer, { ...query, sender: ed25519Signer().sender }),
    "no signature": encodeCbor({ content: { ...query, sender: signer.sender } }),
    "anonymous with a signature": signedBody(signer, { ...query, sender: Uint8Array.of(4) }),
    "a key that is none": signedBody(
      signerOf(Uint8Array.of(1, 2, 3), () => new Uint8Array(64)),
      query,
    ),
  };
  for (const [what, body] of Object.entries(refused)) {
    const answer = await api(2, "query", body);
    assert.equal(answer.status, 400, what);
    assert.match(answer.text, /^Failed to authenticate request/, what);
  }
});

test("what is malformed is a 400 that says what", async () => {
  const { network, api, query, post, id } = await start();
  await using _ = network;
  const bodies: [Uint8Array, RegExp][] = [
    [Buffer.from("nonsense"), /Could not read the request/],
    [encodeCbor({}), /content/],
    [anonymousBody({ ...query, request_type: "call" }), /request_type/],
    [anonymousBody({ ...query, sender: new Uint8Array(30) }), /at most 29 bytes/],
    [anonymousBody({ ...query, ingress_expiry: "soon" }), /ingress_expiry/],
    [anonymousBody({ ...query, nonce: new Uint8Array(33) }), /at most 32 bytes/],
  ];
  for (const [body, reason] of bodies) {
    const answer = await api(2, "query", body);
    assert.equal(answer.status, 400);
    assert.match(answer.text, reason);
  }
  assert.equal((await api(2, "query", anonymousBody(query), "not-an-id")).status, 400);
  assert.match(
    (await api(2, "query", anonymousBody(query), "ryjl3-tyaaa-aaaaa-aaaba-cai")).text,
    /does not match effective canister id/,
  );
  for (const type of ["", "application/octet-stream", "text/plain"])
    assert.match(
      (await post(`/api/v2/canister/${id}/query`, anonymousBody(query), type)).text,
      /content-type/,
    );
  const asCbor = await post(
    `/api/v2/canister/${id}/query`,
    anonymousBody(query),
    "Application/CBOR; charset=x",
  );
  assert.equal(asCbor.status, 200);
  assert.equal((await api(9, "query", anonymousBody(query))).status, 404);
  assert.equal((await post("/api/v2/nowhere", new Uint8Array())).status, 404);
  assert.equal((await api(2, "call", new Uint8Array(3 * 1024 * 1024))).status, 413);
  assert.equal((await fetch(`http://127.0.0.1:${network.port}/api/v2/canister/${id}/query`)).status, 405);
});

test("the same envelope sent twice, also at once and by other versions, runs once", async () => {
  const { network, api, call, runs } = await start();
  await using _ = network;
  const body = signedBody(ed25519Signer(), call);
  const answers = await Promise.all([api(3, "call", body), api(4, "call", body), api(2, "call", body)]);
  assert.deepEqual(
    answers.map(({ status }) => status),
    [200, 200, 202],
  );
  assert.equal((await api(3, "call", body)).status, 200);
  assert.equal(runs(), 1);
  assert.equal((await api(3, "call", anonymousBody({ ...call, nonce: Uint8Array.of(1) }))).status, 200);
  assert.equal(runs(), 2);
});

test("a certified reply is read by its sender only", async () => {
  const { network, api, canister, call } = await start();
  await using _ = network;
  const signer = ed25519Signer();
  assert.equal((await api(2, "call", signedBody(signer, call))).status, 202);
  const requestId = hashOfMap({ sender: signer.sender, ...call });
  const read = {
    request_type: "read_state",
    ingress_expiry: now + minute,
    paths: [[Buffer.from("request_status"), requestId]],
  };
  const stranger = await api(2, "read_state", signedBody(ed25519Signer(), read));
  assert.equal(stranger.status, 403);
  assert.match(stranger.text, /not signed by the caller/);
  const answer = await api(3, "read_state", signedBody(signer, read));
  const certificate = await Certificate.create({
    certificate: answer.value!.certificate as Uint8Array,
    rootKey: network.rootKey,
    canisterId: Principal.fromUint8Array(canister.id),
    disableTimeVerification: true,
  });
  const field = (name: string) =>
    Buffer.from(lookupResultToBuffer(certificate.lookup_path(["request_status", requestId, name]))!);
  assert.equal(field("status").toString(), "replied");
  assert.deepEqual(field("reply"), Buffer.concat([signer.sender, Uint8Array.of(1)]));
});

test("paths that nobody may read are refused", async () => {
  const { network, api, canister } = await start();
  await using _ = network;
  const other = inMemoryCanister(9).id;
  const paths: [(string | Uint8Array)[], number][] = [
    [["time"], 200],
    [["canister", canister.id, "module_hash"], 200],
    [["canister", canister.id, "certified_data"], 404],
    [["canister", other, "module_hash"], 403],
    [["nowhere"], 404],
    [[], 404],
  ];
  for (const [path, status] of paths) {
    const labels = path.map((label) => Buffer.from(label));
    const body = anonymousBody({ request_type: "read_state", ingress_expiry: now + minute, paths: [labels] });
    assert.equal((await api(2, "read_state", body)).status, status, path.join("/"));
  }
});

test("the subnet tells its keys and canister ranges, and certifies that there are no boundary nodes", async () => {
  const { network, canister, post } = await start();
  await using _ = network;
  const subnetId = Principal.selfAuthenticating(network.rootKey);
  const paths = [[Buffer.from("subnet")], [Buffer.from("api_boundary_nodes")]];
  const body = anonymousBody({ request_type: "read_state", ingress_expiry: now + minute, paths });
  const answer = await post(`/api/v3/subnet/${subnetId}/read_state`, body);
  const certificate = await Certificate.create({
    certificate: answer.value!.certificate as Uint8Array,
    rootKey: network.rootKey,
    canisterId: Principal.fromUint8Array(canister.id),
    disableTimeVerification: true,
  });
  const subnet = ["subnet", subnetId.toUint8Array()];
  const key = lookupResultToBuffer(certificate.lookup_path([...subnet, "public_key"]));
  assert.deepEqual(new Uint8Array(key!), network.rootKey);
  const ranges = decodeCbor(lookupResultToBuffer(certificate.lookup_path([...subnet, "canister_ranges"]))!);
  const [low, high] = (ranges as [Uint8Array, Uint8Array][])[0]!;
  assert.ok(Buffer.compare(low, canister.id) < 0 && Buffer.compare(canister.id, high) < 0);
  assert.equal(certificate.lookup_path(["api_boundary_nodes"]).status, LookupPathStatus.Absent);
  assert.equal((await post("/api/v3/subnet/aaaaa-aa/read_state", body)).status, 400);
});

test("a call that the canister does not let in is rejected without a certificate", async () => {
  const { network, replica, api, call, runs } = await start();
  await using _ = network;
  replica.inspect = async () => rejected(4, "not welcome", "IC0516");
  for (const version of [2, 3, 4]) {
    const answer = await api(version, "call", anonymousBody(call));
    const rejection = { reject_code: 4, reject_message: "not welcome", error_code: "IC0516" };
    const status = version === 2 ? {} : { status: "non_replicated_rejection" };
    assert.deepEqual(answer.value, { ...status, ...rejection });
  }
  assert.equal(runs(), 0);
});

test("a management call is addressed to the canister that its argument names", async () => {
  const { network, api, canister, call, id } = await start();
  await using _ = network;
  // record { canister_id : principal }
  const argument = Buffer.concat([Buffer.from("4449444c016c01b3c4b1f204680100010a", "hex"), canister.id]);
  const stop = { ...call, canister_id: new Uint8Array(), method_name: "stop_canister", arg: argument };
  const answer = await api(2, "call", anonymousBody(stop), id);
  assert.equal(answer.value?.reject_code, 3);
  const elsewhere = await api(2, "call", anonymousBody(stop), "ryjl3-tyaaa-aaaaa-aaaba-cai");
  assert.match(elsewhere.text, /does not match effective canister id/);
  const silent = await api(2, "call", anonymousBody({ ...stop, arg: Buffer.from("DIDL\x00\x00") }), id);
  assert.match(silent.text, /names no canister/);
});

test("a WebAuthn key signs by way of its authenticator", async () => {
  const { network, api, query } = await start();
  await using _ = network;
  const { publicKey, privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const { x, y } = publicKey.export({ format: "jwk" });
  const cose = encode(
    new Map<number, unknown>([
      [1, 2],
      [3, -7],
      [-1, 1],
      [-2, Buffer.from(x!, "base64url")],
      [-3, Buffer.from(y!, "base64url")],
    ]),
  );
  const head = Buffer.from("300c060a2b0601040183b8430101", "hex");
  const bits = Buffer.concat([Uint8Array.of(0x03, cose.length + 1, 0), cose]);
  const der = Buffer.concat([Uint8Array.of(0x30, head.length + bits.length), head, bits]);
  const authenticator = (challengeOf: (message: Uint8Array) => Uint8Array) =>
    signerOf(der, (message) => {
      const challenge = Buffer.from(challengeOf(message)).toString("base64url");
      const clientData = JSON.stringify({ type: "webauthn.get", challenge, origin: "https://id.example" });
      const data = Buffer.alloc(37);
      const signed = Buffer.concat([data, createHash("sha256").update(clientData).digest()]);
      return encodeCbor({
        authenticator_data: data,
        client_data_json: clientData,
        signature: sign("sha256", signed, privateKey),
      });
    });
  const honest = authenticator((message) => message);
  const answer = await api(2, "query", signedBody(honest, query));
  assert.deepEqual(answer.value?.reply, { arg: new Uint8Array(honest.sender) });
  const forged = await api(
    2,
    "query",
    signedBody(
      authenticator(() => Buffer.from("other")),
      query,
    ),
  );
  assert.equal(forged.status, 400);
});

test("keys of other kinds are named in the refusal", async () => {
  const { network, api, query } = await start();
  await using _ = network;
  const { publicKey } = generateKeyPairSync("ec", { namedCurve: "P-384" });
  const answer = await api(
    2,
    "query",
    signedBody(
      signerOf(derOf(publicKey), () => new Uint8Array(64)),
      query,
    ),
  );
  assert.match(answer.text, /secp384r1 are not supported/);
});

test("browsers of any origin may use the API", async () => {
  const { network, id } = await start();
  await using _ = network;
  const request = httpRequest({
    port: network.port,
    host: "127.0.0.1",
    method: "OPTIONS",
    path: `/api/v3/canister/${id}/call`,
    headers: { origin: "https://page.example", "access-control-request-method": "POST" },
  }).end();
  const [response] = await once(request, "response");
  response.resume();
  assert.equal(response.statusCode, 204);
  assert.equal(response.headers["access-control-allow-origin"], "*");
  assert.match(response.headers["access-control-allow-methods"], /POST/);
  assert.match(response.headers["access-control-allow-headers"], /Content-Type/);
});
