import { z } from "zod";
import { inKilnHome } from "../../base/kiln-home.ts";
import type { SettingsSchema } from "../../config.ts";

/** The description of a setting, and what zod derives from its schema. */
const Described = z.object({
  description: z.string(),
  unit: z.string().optional(),
  /** In words, where the value depends on the machine. */
  shownDefault: z.string().optional(),
  default: z.unknown().optional(),
  enum: z.array(z.string()).optional(),
  minimum: z.number().optional(),
  maximum: z.number().optional(),
  exclusiveMinimum: z.number().optional(),
});
type Described = z.infer<typeof Described>;

/**
 * docs/reference/settings.md: a table for each schema. A setting of several schemas is listed in the first.
 * @throws when a setting lacks a description, or a schema a title
 */
export function settingsPage(schemas: readonly SettingsSchema[]): string {
  const known = new Set<string>();
  const tables = schemas.map((schema) => {
    const { title, properties } = z
      .object({ title: z.string(), properties: z.record(z.string(), Described) })
      .parse(z.toJSONSchema(schema, { unrepresentable: "any" }));
    const rows = Object.entries(properties)
      .filter(([name]) => !known.has(name))
      .map(([name, setting]) => {
        known.add(name);
        return `| ${[`\`${name}\``, defaultOf(setting), allowed(setting), setting.description].join(" | ")} |`;
      });
    return [`## ${title}`, "| setting | default | values | |", "| --- | --- | --- | --- |", ...rows].join(
      "\n",
    );
  });
  return `${[introduction, ...tables].join("\n\n")}\n`;
}

const introduction = `# Settings
Environment variables. An invalid value stops the command with an error that names the setting and the values it takes. An unknown
\`KILN_*\` name gets a warning. Defaults that are folders are in \`KILN_HOME\`, whatever folder a command is run from; a relative path
that you give is relative to that folder.

Generated from the settings schemas in \`src/\` by \`./kiln check --fix\`.`;

function defaultOf(setting: Described): string {
  const { default: value, shownDefault } = setting;
  if (shownDefault !== undefined) return shownDefault;
  if (value === undefined) return "";
  const home = inKilnHome();
  if (typeof value === "string" && value.startsWith(home))
    return `\`${value.slice(home.length + 1)}\` in \`KILN_HOME\``;
  return `\`${Array.isArray(value) ? value.join(",") : value}\``;
}

function allowed({ enum: values, minimum, maximum, exclusiveMinimum, unit }: Described): string {
  const words = [];
  if (values !== undefined) words.push(values.map((value) => `\`${value}\``).join(", "));
  if (exclusiveMinimum !== undefined) words.push(`above ${exclusiveMinimum}`);
  const [min, max] = [bound(minimum), bound(maximum)];
  if (min !== undefined && max !== undefined) words.push(`${min} to ${max}`);
  else if (min !== undefined) words.push(`at least ${min}`);
  else if (max !== undefined) words.push(`at most ${max}`);
  if (unit !== undefined) words.push(unit);
  return words.join(" ");
}

/** Zod bounds every integer by what a double holds exactly; the page leaves that out. */
const bound = (limit: number | undefined): number | undefined =>
  limit === undefined || Math.abs(limit) === Number.MAX_SAFE_INTEGER ? undefined : limit;
