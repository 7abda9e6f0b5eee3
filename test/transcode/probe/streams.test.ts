import assert from "node:assert/strict";
import { test } from "node:test";
import { needsDolbyVision } from "../../../src/transcode/probe/dolby-vision.ts";
import { orientation } from "../../../src/transcode/probe/orientation.ts";

/** As ffprobe prints a display matrix. */
const matrix = (a: number, b: number, c: number, d: number) =>
  `\n00000000:  ${a * 65536}  ${b * 65536}  0\n00000001:  ${c * 65536}  ${d * 65536}  0\n00000002:  0  0  1073741824\n`;

for (const [name, rotation, displaymatrix, expected] of [
  ["upright", 0, matrix(1, 0, 0, 1), { rotation: 0, mirrored: false }],
  ["a phone held upright", -90, matrix(0, 1, -1, 0), { rotation: 90, mirrored: false }],
  ["upside down", 180, matrix(-1, 0, 0, -1), { rotation: 180, mirrored: false }],
  ["to the other side", 90, matrix(0, -1, 1, 0), { rotation: 270, mirrored: false }],
  ["a front camera", 180, matrix(-1, 0, 0, 1), { rotation: 180, mirrored: true }],
  ["turned and mirrored", -90, matrix(0, 1, 1, 0), { rotation: 90, mirrored: true }],
  ["all zeros", Number.MIN_SAFE_INTEGER * 1024, matrix(0, 0, 0, 0), { rotation: 0, mirrored: false }],
  ["damage: nearly a quarter turn", -89.6, "", { rotation: 90, mirrored: false }],
] as const) {
  test(`orientation: ${name}`, () =>
    assert.deepEqual(orientation([{}, { rotation, displaymatrix }]), expected));
}

test("orientation: no side data", () => assert.deepEqual(orientation([]), { rotation: 0, mirrored: false }));

for (const [name, profile, compatibility, expected] of [
  ["profile 5: Dolby's own colours", 5, 0, true],
  ["profile 8.1: HDR10", 8, 1, false],
  ["profile 8.4: HLG, phones", 8, 4, false],
  ["profile 8 without a compatible layer", 8, 0, true],
  ["profile 10.0: AV1 in Dolby's own colours", 10, 0, true],
  ["profile 10.4: AV1 in HLG", 10, 4, false],
  ["profile 7 from before the field existed", 7, 0, false],
  ["no Dolby Vision", undefined, undefined, false],
] as const) {
  test(`Dolby Vision: ${name}`, () =>
    assert.equal(
      needsDolbyVision({ dv_profile: profile, dv_bl_signal_compatibility_id: compatibility }),
      expected,
    ));
}
