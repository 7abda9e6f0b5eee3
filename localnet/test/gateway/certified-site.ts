import { hash } from "node:crypto";
import { IDL } from "@dfinity/candid";
import { encodeCbor } from "../../src/certification/cbor.ts";
import { empty, type HashTree, insert, leaf, lookup, toArrays } from "../../src/certification/hash-tree.ts";
import { hashOfMap } from "../../src/certification/request-id.ts";
import type { InMemoryCanister, Method } from "../in-memory-replica.ts";
import { inMemoryCanister, replied } from "../in-memory-replica.ts";

type Headers = [string, string][];
interface Response {
  status: number;
  headers: Headers;
  body: Uint8Array;
}

const cel =
  "default_certification(ValidationArgs{certification:Certification{no_request_certification:Empty{},response_certification:ResponseCertification{response_header_exclusions:ResponseHeaderList{headers:[]}}}})";
const celHash = hash("sha256", cel, "buffer");
const chunkSize = 1000;

/** A canister that serves certified files, in chunks of 1000 bytes as 206 where they are longer. */
export function certifiedSite(
  index: number,
  files: Record<string, { type: string; body: Uint8Array }>,
): InMemoryCanister {
  let tree: HashTree = empty;
  const certified = (path: string, response: Response): Response => {
    const headers: Headers = [...response.headers, ["ic-certificateexpression", cel]];
    const map = { ":ic-cert-status": response.status, ...Object.fromEntries(headers) };
    const parts = [hashOfMap(map), hash("sha256", response.body, "buffer")];
    const responseHash = hash("sha256", Buffer.concat(parts), "buffer");
    tree = insertAt(tree, [...segments(path), celHash, new Uint8Array(), responseHash], leaf(""));
    return { ...response, headers };
  };
  const responses = new Map<string, Response[]>();
  for (const [path, { type, body }] of Object.entries(files)) {
    const chunks: Response[] = [];
    for (let start = 0; start === 0 || start < body.length; start += chunkSize) {
      const part = body.subarray(start, start + chunkSize);
      const headers: Headers = [["content-type", type]];
      const range = `bytes ${start}-${start + part.length - 1}/${body.length}`;
      const isWhole = part.length === body.length;
      if (!isWhole) headers.push(["content-range", range]);
      chunks.push(certified(path, { status: isWhole ? 200 : 206, headers, body: part }));
    }
    responses.set(path, chunks);
  }
  const answer: Method = ({ ingress, certificate }) => {
    const [request] = IDL.decode([requestType], ingress.arg) as unknown as [
      { url: string; headers: Headers },
    ];
    const path = request.url.split("?")[0]!;
    const range = request.headers.find(([name]) => name.toLowerCase() === "range")?.[1];
    const start = Number(/^bytes=(\d+)-/.exec(range ?? "")?.[1] ?? 0);
    const response = responses.get(path)?.[Math.floor(start / chunkSize)];
    if (!response) return reply({ status: 404, headers: [], body: Buffer.from("not here") });
    const fields = [
      `certificate=:${base64(certificate!)}:`,
      `tree=:${base64(encodeCbor(toArrays(tree)))}:`,
      "version=2",
      `expr_path=:${base64(encodeCbor(segments(path)))}:`,
    ];
    return reply({ ...response, headers: [...response.headers, ["ic-certificate", fields.join(", ")]] });
  };
  return inMemoryCanister(index, { certifiedData: tree.digest, queries: { http_request: answer } });
}

const headersType = IDL.Vec(IDL.Tuple(IDL.Text, IDL.Text));
export const requestType = IDL.Record({
  method: IDL.Text,
  url: IDL.Text,
  headers: headersType,
  body: IDL.Vec(IDL.Nat8),
});
export const responseFields = {
  status_code: IDL.Nat16,
  headers: headersType,
  body: IDL.Vec(IDL.Nat8),
};

/** What http_request replies. */
export function reply({ status, headers, body }: Response) {
  return replied(IDL.encode([IDL.Record(responseFields)], [{ status_code: status, headers, body }]));
}

function segments(path: string): string[] {
  return ["http_expr", ...path.split("/").slice(1), "<$>"];
}

function insertAt(tree: HashTree, [head, ...tail]: (string | Uint8Array)[], child: HashTree): HashTree {
  if (head === undefined) return child;
  return insert(tree, head, insertAt(lookup(tree, [head]) ?? empty, tail, child));
}

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("base64");
}
