import { type Assembly, assemble, call, constant, i32, i64 } from "../wasm/assemble.ts";

/** The signatures of the system calls that tests use, with 32-bit addresses. */
const signatures = {
  msg_reply: {},
  msg_reply_data_append: { parameters: [i32, i32] },
  msg_reject: { parameters: [i32, i32] },
  msg_reject_code: { results: [i32] },
  msg_arg_data_size: { results: [i32] },
  msg_arg_data_copy: { parameters: [i32, i32, i32] },
  msg_method_name_size: { results: [i32] },
  accept_message: {},
  call_new: { parameters: [i32, i32, i32, i32, i32, i32, i32, i32] },
  call_on_cleanup: { parameters: [i32, i32] },
  call_data_append: { parameters: [i32, i32] },
  call_perform: { results: [i32] },
  call_with_best_effort_response: { parameters: [i32] },
  canister_self_copy: { parameters: [i32, i32, i32] },
  certified_data_set: { parameters: [i32, i32] },
  data_certificate_size: { results: [i32] },
  stable64_grow: { parameters: [i64], results: [i64] },
  stable64_write: { parameters: [i64, i64, i64] },
  performance_counter: { parameters: [i32], results: [i64] },
  global_timer_set: { parameters: [i64], results: [i64] },
  in_replicated_execution: { results: [i32] },
  time: { results: [i64] },
  cost_call: { parameters: [i64, i64, i32] },
  cost_create_canister: { parameters: [i32] },
  cost_http_request: { parameters: [i64, i64, i32] },
  trap: { parameters: [i32, i32] },
} as const;

type SystemCall = keyof typeof signatures;

const names = Object.keys(signatures) as SystemCall[];

/** The index of the first function behind the imports. */
export const firstFunction = names.length;

/** Calls a system call, its arguments on the stack. */
export const system = (name: SystemCall): number[] => call(names.indexOf(name));

/** Answers with four bytes at an address. */
export const replyWith = (address: number): number[] => [
  ...constant(address),
  ...constant(4),
  ...system("msg_reply_data_append"),
  ...system("msg_reply"),
];

/** A canister of the given functions; `ic0` is at hand for their code. */
export function canisterOf(
  functions: Record<string, number[]>,
  rest: Partial<Assembly> = {},
  callbacks: number[][] = [],
): Uint8Array {
  return assemble({
    memory: { flags: 0, initial: 1 },
    imports: names.map((name) => ({ name, ...signatures[name] }) as { name: string; parameters?: number[] }),
    ...rest,
    functions: [
      ...Object.entries(functions).map(([name, code]) => ({ export: name, code })),
      ...callbacks.map((code) => ({ code, parameters: [i32] })),
    ],
    table: callbacks.map((_, index) => firstFunction + Object.keys(functions).length + index),
  });
}
