import type { z } from "zod";
import { TypedError } from "./base/typed-error.ts";
import { plainIssue } from "./base/zod-issues.ts";

/** A zod object whose keys are the names of environment variables. Every folder exports its own. */
export type SettingsSchema = z.ZodObject<Record<string, z.ZodType>>;

/**
 * Reads the settings that `schema` names from the environment. An empty variable counts as absent.
 * @throws TypedError SETTING_INVALID that names the variable, its value and what is allowed
 */
export function readSettings<Schema extends SettingsSchema>(
  schema: Schema,
  environment: Readonly<Record<string, string | undefined>> = process.env,
): z.infer<Schema> {
  const given = Object.fromEntries(
    Object.keys(schema.shape)
      .map((name) => [name, environment[name]] as const)
      .filter(([, value]) => value !== undefined && value !== ""),
  );
  const result = schema.safeParse(given, { error: plainIssue });
  if (result.success) return result.data;
  throw new TypedError(
    "SETTING_INVALID",
    result.error.issues
      .map((issue) => {
        const name = String(issue.path[0]);
        const value = given[name];
        return value === undefined
          ? `${name} is not set: ${issue.message}`
          : `${shown(name, value)} is not allowed: ${issue.message}`;
      })
      .join("; "),
  );
}

/** A setting as an error may show it: never a secret. */
function shown(name: string, value: string): string {
  const secret = /TOKEN|PASSWORD|SECRET|_KEY$/.test(name) || /\/\/[^/@]*:[^/@]+@/.test(value);
  return secret ? `${name} (its value is secret)` : `${name}=${JSON.stringify(value)}`;
}
