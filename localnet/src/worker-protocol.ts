import type { Control } from "./control.ts";
import type { LocalnetErrorCode } from "./localnet-errors.ts";
import type { Latency } from "./replica/latency.ts";
import type { OutcallPolicy } from "./replica/management/outcall-interface.ts";
import type { createReplica } from "./replica/replica.ts";
import type { Durability } from "./replica/state/durable-writer.ts";

/** The options of a network. */
export interface LocalnetOptions {
  /** TCP port; 0, the default, takes a free one. */
  port?: number;
  host?: "127.0.0.1";
  /** Folder that keeps keys and canisters over restarts; without it they last as long as the network. */
  state?: string;
  /** What answered updates survive: the death of the process, by default, or also a power cut. */
  durability?: Durability;
  /** Minimum number of subnets; 3 by default. The first one is the root subnet. */
  subnets?: number;
  /** How long messages take; no time by default. */
  latency?: Latency;
  /** Where canisters' HTTPS outcalls may go; by default nowhere. */
  outcalls?: OutcallPolicy;
  instructionLimits?: NonNullable<Parameters<typeof createReplica>[0]["instructionLimits"]>;
}

/** A request to the worker: a control command, answered under the same number, or to close. */
export type WorkerRequest =
  | { kind: "close" }
  | { kind: "control"; number: number; command: keyof Control; args: unknown[] };

/** The answer to a control command. */
export type ControlAnswer = { number: number; value: unknown } | { number: number; error: string };

/** The worker's first message: the network is listening, or why it cannot. */
export type WorkerReport =
  | { status: "listening"; port: number; rootKey: Uint8Array }
  | { status: "failed"; code: LocalnetErrorCode; message: string };
