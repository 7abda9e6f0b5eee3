/**
 * The interface between the HTTP side of the local network and the replica.
 * Canister and principal ids are raw bytes here (no text form below the HTTP side).
 */

/** How a call ended. @source IC interface specification, "Reject codes" and "Error codes" */
export type CallResult =
  | { status: "replied"; reply: Uint8Array }
  | { status: "rejected"; code: RejectCode; message: string; errorCode: string };

/** 1 SYS_FATAL, 2 SYS_TRANSIENT, 3 DESTINATION_INVALID, 4 CANISTER_REJECT, 5 CANISTER_ERROR, 6 SYS_UNKNOWN */
export type RejectCode = 1 | 2 | 3 | 4 | 5 | 6;

/** A message from outside, its envelope already authenticated by the HTTP side. */
export interface Ingress {
  /** 32 bytes, the hash of the content map: the key of de-duplication and of request_status. */
  requestId: Uint8Array;
  sender: Uint8Array;
  /** The canister named in the content map; empty bytes are the management canister. */
  canisterId: Uint8Array;
  method: string;
  arg: Uint8Array;
  /** The canister that the request is sent to: a call that names none is for its subnet. */
  effectiveCanisterId?: Uint8Array;
}

/** A canister as the certified state tree shows it. */
export interface CanisterState {
  id: Uint8Array;
  controllers: Uint8Array[];
  /** SHA-256 of the installed module as it was sent; absent while the canister is empty. */
  moduleHash?: Uint8Array;
  /** At most 32 bytes, set by certified_data_set; empty bytes when never set. */
  certifiedData: Uint8Array;
  /** Custom sections `icp:public <name>` and `icp:private <name>` of the module. */
  metadata: ReadonlyMap<string, { visibility: "public" | "private"; content: Uint8Array }>;
}

export interface Replica extends AsyncDisposable {
  /** Runs canister_inspect_message (or the management canister's own check). Undefined means accepted. */
  inspect(ingress: Ingress): Promise<Extract<CallResult, { status: "rejected" }> | undefined>;
  /** Executes an update (or a query method in replicated mode, its state changes discarded) to its response. */
  update(ingress: Ingress): Promise<CallResult>;
  /**
   * Executes a query or composite query; no state change survives.
   * @param dataCertificate what ic0.data_certificate_copy returns to the queried canister, not to its callees
   */
  query(ingress: Ingress, dataCertificate: Uint8Array | undefined): Promise<CallResult>;
  /** False while the canister's subnet is stopped. */
  isAvailable(canisterId: Uint8Array): boolean;
  /** Undefined when there is no such canister. */
  canister(id: Uint8Array): CanisterState | undefined;
  /** All canisters, in order of id. */
  canisterIds(): Uint8Array[];
  /** Writes what changed to the state folder, if there is one. */
  flush(): Promise<void>;
}
