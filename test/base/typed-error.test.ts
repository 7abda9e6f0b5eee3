import assert from "node:assert/strict";
import { test } from "node:test";
import { TypedError as ClientError } from "@kiln/client/typed-error";
import { errors } from "../../src/base/errors.ts";
import { TypedError } from "../../src/base/typed-error.ts";

test("whether an error is final stands in the table", () => {
  for (const [code, { final }] of Object.entries(errors))
    assert.equal(new TypedError(code as keyof typeof errors, "").final, final, code);
});

test("errors of @kiln/client are instances of the same class", () => {
  assert.ok(new ClientError("MEDIA_UNREACHABLE", "") instanceof TypedError);
  assert.equal(new ClientError("MEDIA_UNREACHABLE", "").final, false);
});

test("a code that is not in the table does not compile", () => {
  // @ts-expect-error
  new TypedError("NO_SUCH_CODE", "");
  // @ts-expect-error
  new ClientError("REDIS_UNREACHABLE", "");
});
