import { TypedError } from "../../base/typed-error.ts";
import type { Change } from "../canisters/data-backup-client.ts";

/**
 * Compares a user's records with their copy byte by byte, as they arrive.
 * @returns how many there are, and the bytes of their keys and values
 * @throws TypedError COPY_DIFFERS with the first record that differs; not final, because the user may be active
 */
export async function compareRecords(
  user: string,
  expected: AsyncGenerator<Change>,
  copy: AsyncGenerator<Change>,
): Promise<{ records: number; bytes: number }> {
  const compared = { records: 0, bytes: 0 };
  for await (const change of expected) {
    const found = (await copy.next()).value;
    if (!same(change, found)) throw differs(user, change);
    compared.records += 1;
    compared.bytes += Buffer.byteLength(change.key) + (change.value?.length ?? 0);
  }
  const more = await copy.next();
  if (!more.done) throw differs(user, more.value);
  return compared;
}

function differs(user: string, { key }: Change): TypedError {
  return new TypedError("COPY_DIFFERS", `record ${key} of ${user} is not the same in its copy`);
}

function same(one: Change, other: Change | undefined): boolean {
  if (other === undefined || one.key !== other.key || one.sequence !== other.sequence) return false;
  if (one.value === undefined || other.value === undefined) return one.value === other.value;
  return Buffer.compare(one.value, other.value) === 0;
}
