const alphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";

/** 26 characters of Crockford's base 32; the first holds three bits, so it ends at 7. */
export const ulidPattern = /^[0-7][0-9A-HJKMNP-TV-Z]{25}$/;

/**
 * A ULID: sorts by time as text.
 * @param time milliseconds since 1970, 48 bits
 * @param entropy its first 10 bytes are used
 * @source https://github.com/ulid/spec
 */
export function ulid(time: number, entropy: Uint8Array): string {
  const bytes = Buffer.alloc(16);
  bytes.writeUIntBE(time, 0, 6);
  bytes.set(entropy.subarray(0, 10), 6);
  let rest = BigInt(`0x${bytes.toString("hex")}`);
  let text = "";
  for (let index = 0; index < 26; index++) {
    text = alphabet[Number(rest & 31n)] + text;
    rest >>= 5n;
  }
  return text;
}
