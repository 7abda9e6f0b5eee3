import { certificate } from "../certification/certifier.ts";
import { type Answer, cborAnswer } from "./answer.ts";
import { type Authority, authenticate } from "./authenticate.ts";
import type { Target } from "./effective-canister.ts";
import { readEnvelope } from "./envelope.ts";
import { type Network, subnetAt, trustOf } from "./network.ts";
import { HttpRefusal } from "./refusal.ts";

const maxPaths = 1000;
const maxPathLength = 127;

/** The sender of a request, and the canister it was sent to. */
interface Reader {
  target: Target;
  sender: Uint8Array;
  authority: Authority;
}

/**
 * A certificate of the requested parts of the state.
 * @throws HttpRefusal 403 for paths that this sender may not read, 404 for paths that no sender may read
 */
export async function readState(network: Network, target: Target, body: Uint8Array): Promise<Answer> {
  const envelope = readEnvelope(body, "read_state");
  const { sender, paths } = envelope.content;
  const reader: Reader = { target, sender, authority: authenticate(envelope, trustOf(network)) };
  const refusal = refusalOfAll(paths) ?? paths.map((path) => refusalOf(network, reader, path)).find(Boolean);
  if (refusal) throw refusal;
  const state = await subnetAt(network, target)!.certifier.certify();
  return cborAnswer({ certificate: certificate(state, [...paths, ["time"]]) });
}

function refusalOfAll(paths: Uint8Array[][]): HttpRefusal | undefined {
  if (paths.length > maxPaths) return new HttpRefusal(400, `At most ${maxPaths} paths may be requested.`);
  if (paths.some((path) => path.length > maxPathLength)) {
    return new HttpRefusal(400, `A path may have at most ${maxPathLength} labels.`);
  }
  const requests = paths.filter(([root]) => textOf(root) === "request_status").map(([, id]) => textOf(id));
  if (new Set(requests).size <= 1) return undefined;
  return new HttpRefusal(400, "Can only request a single request ID in request_status paths.");
}

/** @source IC interface specification, "Request: Read state": which paths may be requested, and by which senders */
function refusalOf(network: Network, reader: Reader, path: Uint8Array[]): HttpRefusal | undefined {
  const [root, id = new Uint8Array(), leaf, name] = path;
  const kind = [textOf(root), ...(textOf(root) === "canister" ? [textOf(leaf), path.length] : [])].join(" ");
  switch (kind) {
    case "time":
    case "subnet":
    case "canister_ranges":
    case "api_boundary_nodes":
      return undefined;
    case "request_status":
      return requestRefusal(network, reader, id);
    case "canister module_hash 3":
    case "canister controllers 3":
      return canisterRefusal(reader, id);
    case "canister metadata 4":
      return canisterRefusal(reader, id) ?? metadataRefusal(network, reader, textOf(name));
    default:
      return new HttpRefusal(404, "Invalid path requested.");
  }
}

function canisterRefusal({ target }: Reader, id: Uint8Array): HttpRefusal | undefined {
  if (target.kind === "canister" && equal(id, target.id)) return undefined;
  return new HttpRefusal(403, "Effective canister id in URL does not match the canister in the path.");
}

function metadataRefusal({ replica }: Network, reader: Reader, name: string): HttpRefusal | undefined {
  const canister = replica.canister(reader.target.id);
  if (canister?.metadata.get(name)?.visibility !== "private") return undefined;
  if (canister.controllers.some((controller) => equal(controller, reader.sender))) return undefined;
  return new HttpRefusal(
    403,
    `Custom section ${name} can only be requested by the controllers of the canister.`,
  );
}

function requestRefusal({ history }: Network, reader: Reader, id: Uint8Array): HttpRefusal | undefined {
  const admitted = history.get(id);
  if (!admitted) return undefined;
  if (!equal(admitted.sender, reader.sender)) {
    return new HttpRefusal(403, "The user tries to access Request ID not signed by the caller.");
  }
  if (!equal(admitted.effectiveCanisterId, reader.target.id)) {
    return new HttpRefusal(403, "The request was sent to another effective canister id.");
  }
  if (reader.authority.mayTarget(admitted.canisterId)) return undefined;
  return new HttpRefusal(
    403,
    "The user tries to access request IDs for canisters not belonging to sender delegation targets.",
  );
}

function textOf(label: Uint8Array | undefined): string {
  return Buffer.from(label ?? []).toString("latin1");
}

function equal(a: Uint8Array, b: Uint8Array): boolean {
  return Buffer.compare(a, b) === 0;
}
