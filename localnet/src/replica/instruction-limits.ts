/** Maximum numbers of instructions, by kind of message. */
export interface InstructionLimits {
  update: bigint;
  /** Also of a whole graph of composite queries. */
  query: bigint;
  inspect: bigint;
  /** Of an installation or upgrade, all its parts together. */
  install: bigint;
}

/** @source Internet Computer resource limits */
export const defaultInstructionLimits: InstructionLimits = {
  update: 40_000_000_000n,
  query: 5_000_000_000n,
  inspect: 200_000_000n,
  install: 300_000_000_000n,
};
