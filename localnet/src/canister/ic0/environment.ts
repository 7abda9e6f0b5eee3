import { contractViolation } from "../trap.ts";
import { type Address, copyOut, type Imports, type Machine, readText, unsigned } from "./machine.ts";

type Name =
  | "env_var_count"
  | `env_var_name_${"size" | "copy" | "exists"}`
  | `env_var_value_${"size" | "copy"}`;

/** The part of the system API about the variables that the canister's controllers have set. */
export function environmentImports(machine: Machine): Imports<Name> {
  const variables = () => machine.execution.facts.environmentVariables;
  const bytes = (text: string) => new TextEncoder().encode(text);
  const nameAt = (index: Address): Uint8Array => {
    const variable = variables()[unsigned(index)];
    if (!variable) throw contractViolation(`ic0.env_var: there is no variable ${index}`);
    return bytes(variable.name);
  };
  const named = (pointer: Address, length: Address) => {
    const name = readText(machine, pointer, length);
    return { name, variable: variables().find((variable) => variable.name === name) };
  };
  const valueNamed = (pointer: Address, length: Address): Uint8Array => {
    const { name, variable } = named(pointer, length);
    if (!variable) throw contractViolation(`ic0.env_var: there is no variable ${name}`);
    return bytes(variable.value);
  };
  return {
    env_var_count: () => machine.address(variables().length),
    env_var_name_size: (index: Address) => machine.address(nameAt(index).length),
    env_var_name_copy: (index: Address, pointer: Address, offset: Address, length: Address) =>
      copyOut(machine, nameAt(index), pointer, offset, length),
    env_var_name_exists: (pointer: Address, length: Address) => (named(pointer, length).variable ? 1 : 0),
    env_var_value_size: (pointer: Address, length: Address) =>
      machine.address(valueNamed(pointer, length).length),
    env_var_value_copy: (
      name: Address,
      nameLength: Address,
      pointer: Address,
      offset: Address,
      length: Address,
    ) => copyOut(machine, valueNamed(name, nameLength), pointer, offset, length),
  };
}
