import { IDL } from "@dfinity/candid";
import type { Principal } from "@dfinity/principal";

/** The Candid interface of HTTPS outcalls. @source IC interface specification, ic.did, http_request */

type Opt<T> = [] | [T];

const blob = IDL.Vec(IDL.Nat8);
const header = IDL.Record({ name: IDL.Text, value: IDL.Text });

export const outcallResponse = IDL.Record({ status: IDL.Nat, headers: IDL.Vec(header), body: blob });

/** What the transform function of a canister is given. */
export const transformArg = IDL.Record({ response: outcallResponse, context: blob });

export const outcallArg = IDL.Record({
  url: IDL.Text,
  max_response_bytes: IDL.Opt(IDL.Nat64),
  method: IDL.Variant({ get: IDL.Null, head: IDL.Null, post: IDL.Null }),
  headers: IDL.Vec(header),
  body: IDL.Opt(blob),
  transform: IDL.Opt(
    IDL.Record({ function: IDL.Func([transformArg], [outcallResponse], ["query"]), context: blob }),
  ),
});

/** Where outcalls may go: nowhere; to this machine, also without TLS; or anywhere else by https as well. */
export type OutcallPolicy = "off" | "loopback" | "any";

export interface HttpHeader {
  name: string;
  value: string;
}

export interface OutcallArg {
  url: string;
  max_response_bytes: Opt<bigint>;
  method: { get: null } | { head: null } | { post: null };
  headers: HttpHeader[];
  body: Opt<Uint8Array>;
  transform: Opt<{ function: [Principal, string]; context: Uint8Array }>;
}

export interface OutcallResponse {
  status: bigint;
  headers: HttpHeader[];
  body: Uint8Array;
}
