import assert from "node:assert/strict";
import { test } from "node:test";
import { hasEncryptedTrack } from "../../../src/transcode/probe/encryption.ts";

const element = (id: readonly number[], ...content: number[][]) => {
  const body = content.flat();
  return [...id, 0x40 | (body.length >> 8), body.length & 255, ...body];
};
const file = (...encodings: number[][]) =>
  Uint8Array.from([
    ...element([0x1a, 0x45, 0xdf, 0xa3], [1, 2, 3]),
    // A segment of unknown size.
    ...[0x18, 0x53, 0x80, 0x67, 0x01, 255, 255, 255, 255, 255, 255, 255],
    ...element([0xec], [0, 0]),
    ...element([0x16, 0x54, 0xae, 0x6b], element([0xae], element([0xd7], [1]), ...encodings)),
  ]);

test("an encrypted track of a WebM is recognised by its index", () => {
  const encrypted = element(
    [0x6d, 0x80],
    element([0x62, 0x40], element([0x50, 0x35], [0x47, 0xe1, 0x81, 5])),
  );
  const compressed = element(
    [0x6d, 0x80],
    element([0x62, 0x40], element([0x50, 0x34], [0x42, 0x54, 0x81, 3])),
  );
  assert.equal(hasEncryptedTrack(file(encrypted)), true);
  assert.equal(hasEncryptedTrack(file(compressed)), false);
  assert.equal(hasEncryptedTrack(file()), false);
});

test("what is cut off or no WebM at all holds no encrypted track, and ends", () => {
  const whole = file();
  for (let length = 0; length < whole.length; length++)
    assert.equal(hasEncryptedTrack(whole.subarray(0, length)), false);
  assert.equal(hasEncryptedTrack(new Uint8Array(1000)), false);
  assert.equal(hasEncryptedTrack(new Uint8Array(1000).fill(255)), false);
});
