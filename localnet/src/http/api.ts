import type { IncomingMessage, ServerResponse } from "node:http";
import { Principal } from "@dfinity/principal";
import { type Answer, cborAnswer } from "./answer.ts";
import { readBody } from "./body.ts";
import { call } from "./call.ts";
import type { Target } from "./effective-canister.ts";
import { type Network, subnetAt } from "./network.ts";
import { query } from "./query.ts";
import { readState } from "./read-state.ts";
import { HttpRefusal } from "./refusal.ts";

const mebibyte = 1024 * 1024;

/**
 * Largest bodies, bytes. @source Internet Computer resource limits: a message from outside has at most 2 MiB, with
 * its signatures
 */
const limits = { call: 2 * mebibyte, query: 4 * mebibyte, read_state: 4 * mebibyte };

type Endpoint = keyof typeof limits;

const versions: Record<Target["kind"], Record<Endpoint, number[]>> = {
  canister: { call: [2, 3, 4], query: [2, 3], read_state: [2, 3] },
  subnet: { call: [4], query: [3], read_state: [2, 3] },
};

/**
 * The platform's own interface, below /api.
 * @source IC interface specification, "HTTPS Interface"
 * @throws HttpRefusal
 */
export async function answerApi(
  network: Network,
  request: IncomingMessage,
  response: ServerResponse,
  path: string,
) {
  const { status, body } = await route(network, request, path);
  response.writeHead(status, body && { "content-type": "application/cbor", "content-length": body.length });
  response.end(request.method === "HEAD" ? undefined : body);
}

async function route(network: Network, request: IncomingMessage, path: string): Promise<Answer> {
  if (path === "/api/v2/status") {
    requireMethod(request, ["GET", "HEAD"]);
    return cborAnswer({
      root_key: network.rootKey,
      impl_version: "kiln-localnet",
      replica_health_status: "healthy",
    });
  }
  const parts = /^\/api\/v(\d+)\/(canister|subnet)\/([^/]+)\/(call|query|read_state)$/.exec(path);
  const [, version, kind, id, name] = parts ?? [];
  const endpoint = name as Endpoint;
  if (!parts || !versions[kind as Target["kind"]][endpoint].includes(Number(version))) {
    throw new HttpRefusal(404, `There is no ${path} here.`);
  }
  requireMethod(request, ["POST"]);
  const target: Target = { kind: kind as Target["kind"], id: principalOf(id!) };
  if (!subnetAt(network, target)) {
    throw new HttpRefusal(
      400,
      `There is no subnet ${id}: this network has ${network.subnets.map(({ keys }) => text(keys.subnetId)).join(", ")}`,
    );
  }
  if (target.kind === "canister" && !network.replica.isAvailable(target.id)) {
    throw new HttpRefusal(503, "The subnet of this canister is stopped.");
  }
  requireCbor(request);
  const body = await readBody(request, limits[endpoint]);
  switch (endpoint) {
    case "call":
      return call(network, target, body, version === "2" ? "asynchronous" : "synchronous");
    case "query":
      return query(network, target, body);
    case "read_state":
      return readState(network, target, body);
  }
}

function requireMethod(request: IncomingMessage, allowed: string[]): void {
  if (allowed.includes(request.method ?? "")) return;
  throw new HttpRefusal(405, `Send this request with ${allowed.join(" or ")}.`);
}

/** @source IC interface specification, "HTTPS interface": "The HTTP request body must be of type application/cbor" */
function requireCbor(request: IncomingMessage): void {
  const [type = ""] = (request.headers["content-type"] ?? "").split(";");
  if (type.trim().toLowerCase() === "application/cbor") return;
  throw new HttpRefusal(400, "Unexpected content-type, expected application/cbor.");
}

function principalOf(id: string): Uint8Array {
  try {
    return Principal.fromText(id).toUint8Array();
  } catch {
    throw new HttpRefusal(400, `${id} is not a principal.`);
  }
}

function text(id: Uint8Array): string {
  return Principal.fromUint8Array(id).toText();
}
