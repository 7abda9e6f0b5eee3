/** Every code of the local network: whether the same input fails again, and what to do. */
export const localnetErrors = {
  CONTROL_REFUSED: { final: true, advice: "the local network refuses the command: its message says why" },
  LATENCY_INVALID: { final: true, advice: "give the latency in the form that the message describes" },
  LOCALNET_CRASHED: { final: true, advice: "a fault in the local network: report it with the message" },
  MOTOKO_CRASHED: { final: true, advice: "a fault in the Motoko compiler: report it with the message" },
  MOTOKO_NOT_FOUND: { final: true, advice: "name the absolute path of a Motoko file that exists" },
  MOTOKO_REFUSED: { final: true, advice: "correct what the compiler lists" },
  PORT_REFUSED: { final: true, advice: "choose another port or address with the settings in the message" },
  PORT_TAKEN: { final: false, advice: "stop the program that uses the port, or choose another" },
  STATE_IN_USE: { final: false, advice: "stop the local network that uses this folder, or name another" },
  STATE_TOO_NEW: { final: true, advice: "upgrade Kiln, or name another folder" },
  STATE_UNREADABLE: { final: true, advice: "name another folder, or delete this one to start afresh" },
  STATE_UNWRITABLE: { final: true, advice: "make the folder writable, or name another" },
} as const;
export type LocalnetErrorCode = keyof typeof localnetErrors;
