import { createReadStream, existsSync } from "node:fs";
import { access, mkdir } from "node:fs/promises";
import { dirname } from "node:path";
import { createInterface } from "node:readline";
import { z } from "zod";
import { syncedWrite } from "../../base/synced-write.ts";
import { TypedError } from "../../base/typed-error.ts";
import type { HostTensor } from "../engines/host-tensor.ts";

const Line = z.strictObject({ item: z.string().min(1), features: z.array(z.number()).min(1) });

/**
 * Reads what describes each item's content: a JSON line each, `{"item":"a","features":[0.1,0.2]}`, all of one length.
 * @throws TypedError FILE_NOT_FOUND, CONTENT_INVALID with the line
 */
export async function readContent(path: string): Promise<Map<string, Float32Array>> {
  await access(path).catch((cause) => {
    throw new TypedError("FILE_NOT_FOUND", `there is no file ${path}`, { cause });
  });
  const content = new Map<string, Float32Array>();
  let number = 0;
  let length: number | undefined;
  for await (const text of createInterface({ input: createReadStream(path), crlfDelay: Infinity })) {
    number++;
    if (text.trim() === "") continue;
    const { item, features } = parse(text, path, number);
    length ??= features.length;
    if (features.length !== length)
      throw invalid(path, number, `${features.length} features, the lines before have ${length}`);
    content.set(item, unit(Float32Array.from(features)));
  }
  if (length === undefined) throw invalid(path, 1, "the file has no lines");
  return content;
}

/** As `readContent`; undefined where there is no such file yet. @throws TypedError CONTENT_INVALID */
export const contentOf = async (path: string | undefined): Promise<Map<string, Float32Array> | undefined> =>
  path !== undefined && existsSync(path) ? await readContent(path) : undefined;

/** Replaces the file in one step, as `readContent` reads it. */
export async function writeContent(
  path: string,
  content: ReadonlyMap<string, readonly number[]>,
): Promise<void> {
  const lines = Array.from(content, ([item, features]) => JSON.stringify({ item, features }));
  await mkdir(dirname(path), { recursive: true });
  await syncedWrite(path, lines.map((line) => `${line}\n`).join(""));
}

/** The content of these items, a row each; zeros for those that have none. */
export function contentMatrix(
  content: ReadonlyMap<string, Float32Array>,
  items: readonly string[],
): HostTensor {
  const width = content.values().next().value!.length;
  const values = new Float32Array(items.length * width);
  for (const [index, item] of items.entries()) values.set(content.get(item) ?? [], index * width);
  return { shape: [items.length, width], values };
}

function parse(text: string, path: string, line: number): z.output<typeof Line> {
  try {
    return Line.parse(JSON.parse(text));
  } catch (error) {
    const issue = error instanceof z.ZodError ? error.issues[0] : undefined;
    throw invalid(path, line, issue ? `${issue.path.join(".")}: ${issue.message}` : "expected JSON");
  }
}

/** Of length 1, so that no measure outweighs another by its unit. */
function unit(features: Float32Array): Float32Array {
  const length = Math.hypot(...features);
  return length === 0 ? features : features.map((feature) => feature / length);
}

const invalid = (path: string, line: number, message: string) =>
  new TypedError("CONTENT_INVALID", `${path}, line ${line}: ${message}`);
