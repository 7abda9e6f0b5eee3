import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { test } from "node:test";
import { errorReference, errorReferenceFile } from "../../../src/cli/dev/error-reference.ts";

test("docs/reference/errors.md lists every error: ./kiln check --fix writes it", async () => {
  assert.equal(await readFile(errorReferenceFile, "utf8"), errorReference());
});
