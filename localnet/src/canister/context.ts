/**
 * The context in which a message runs, in the letters of the specification.
 * I init and post_upgrade, G pre_upgrade, U update, RQ replicated query, NRQ non-replicated query, CQ composite
 * query, Ry/Rt reply and reject callback, CRy/CRt the same of composite queries, C/CC cleanup callback,
 * F inspect_message, T system task (timer, heartbeat), s start function.
 * @source IC interface specification, "Overview of imports"
 */
export type Context =
  | "I"
  | "G"
  | "U"
  | "RQ"
  | "NRQ"
  | "CQ"
  | "Ry"
  | "Rt"
  | "CRy"
  | "CRt"
  | "C"
  | "CC"
  | "F"
  | "T"
  | "s";

/** How the platform names a context in its messages. */
export const contextNames: Record<Context, string> = {
  I: "init",
  G: "pre upgrade",
  U: "update",
  RQ: "replicated query",
  NRQ: "non replicated query",
  CQ: "composite query",
  Ry: "reply callback",
  Rt: "reject callback",
  CRy: "composite reply callback",
  CRt: "composite reject callback",
  C: "cleanup",
  CC: "composite cleanup",
  F: "inspect message",
  T: "system task",
  s: "start",
};

const all = "I G U RQ NRQ CQ Ry Rt CRy CRt C CC F T";
const anywhere = `${all} s`;
const argument = "I U RQ NRQ CQ Ry CRy F";
const rejection = "Rt CRt";
const answer = "U RQ NRQ CQ Ry Rt CRy CRt";
const attached = "U RQ Ry Rt";
const calling = "U CQ Ry Rt CRy CRt T";

const table = {
  msg_arg_data_size: argument,
  msg_arg_data_copy: argument,
  msg_caller_size: all,
  msg_caller_copy: all,
  msg_deadline: answer,
  msg_reject_code: "Ry Rt CRy CRt C CC",
  msg_reject_msg_size: rejection,
  msg_reject_msg_copy: rejection,
  msg_reply_data_append: answer,
  msg_reply: answer,
  msg_reject: answer,
  msg_cycles_available128: attached,
  msg_cycles_accept128: attached,
  msg_cycles_refunded128: "Ry Rt",
  msg_method_name_size: "F",
  msg_method_name_copy: "F",
  accept_message: "F",
  canister_self_size: all,
  canister_self_copy: all,
  canister_cycle_balance128: all,
  canister_liquid_cycle_balance128: all,
  cycles_burn128: "I G U RQ Ry Rt C T",
  canister_status: all,
  canister_version: all,
  is_controller: anywhere,
  in_replicated_execution: anywhere,
  call_new: calling,
  call_on_cleanup: calling,
  call_data_append: calling,
  call_with_best_effort_response: calling,
  call_cycles_add128: "U Ry Rt T",
  call_perform: calling,
  stable64_size: anywhere,
  stable64_grow: anywhere,
  stable64_read: anywhere,
  stable64_write: anywhere,
  certified_data_set: "I G U Ry Rt T",
  data_certificate_present: all,
  data_certificate_size: "NRQ CQ",
  data_certificate_copy: "NRQ CQ",
  time: all,
  global_timer_set: "I G U Ry Rt C T",
  env_var_count: all,
  env_var_name_size: all,
  env_var_name_copy: all,
  env_var_name_exists: all,
  env_var_value_size: all,
  env_var_value_copy: all,
  performance_counter: anywhere,
  cost_call: anywhere,
  cost_create_canister: anywhere,
  cost_http_request: anywhere,
  debug_print: anywhere,
  trap: anywhere,
} as const;

/** The imports that a canister can have from `ic0`. */
export type ImportName = keyof typeof table;

export const importNames = Object.keys(table) as ImportName[];

const allowed = new Map(importNames.map((name) => [name, new Set(table[name].split(" "))]));

export function mayCall(name: ImportName, context: Context): boolean {
  return allowed.get(name)!.has(context);
}

const notReplicated: readonly Context[] = ["NRQ", "CQ", "CRy", "CRt", "CC", "F"];

export function isReplicated(context: Context): boolean {
  return !notReplicated.includes(context);
}
