import assert from "node:assert/strict";
import { test } from "node:test";
import { languageOf } from "../../../src/transcode/captions/captions.ts";
import { readCues, writeWebVtt } from "../../../src/transcode/captions/webvtt.ts";

test("WebVTT: cues with names and settings, without notes and styles, in order", () => {
  const text =
    "\ufeffWEBVTT title\r\n\r\nSTYLE\r\n::cue { color: red }\r\n\r\nNOTE 00:00\r\n\r\nsecond\r\n00:02.000 --> 00:03.500 line:0 align:start\r\n<v Ann>Hello &amp; hi</v>\r\ntwo lines\r\n\r\n01:00:00.5 --> 01:00:01.000\r\nlate\r\n\r\n00:00.000 --> 00:01.000\r\nfirst\r\n";
  assert.deepEqual(readCues(text), [
    { start: 0, end: 1, settings: "", text: "first" },
    { start: 2, end: 3.5, settings: "line:0 align:start", text: "<v Ann>Hello &amp; hi</v>\ntwo lines" },
    { start: 3600.5, end: 3601, settings: "", text: "late" },
  ]);
});

test("SRT: numbers, commas, fonts and positions", () => {
  const text =
    '1\n00:00:00,500 --> 00:00:01,250\n<i>a < b & c</i>\n\n\n2\n00:00:02,000 --> 00:00:03,000\n{\\an8}<font color="#fff">up</font> --> there\n\n3\n00:00:05,000 --> 00:00:04,000\nbackwards\n';
  assert.deepEqual(readCues(text), [
    { start: 0.5, end: 1.25, settings: "", text: "<i>a &lt; b &amp; c</i>" },
    { start: 2, end: 3, settings: "", text: "up --&gt; there" },
  ]);
});

test("written: until the video ends, and read again the same", () => {
  const cues = [
    { start: 0, end: 1.5, settings: "align:start", text: "one" },
    { start: 3599.9996, end: 4000, settings: "", text: "two\nlines" },
    { start: 3700, end: 3800, settings: "", text: "beyond" },
  ];
  const text = writeWebVtt(cues, 3650);
  assert.equal(
    text,
    "WEBVTT\n\n00:00:00.000 --> 00:00:01.500 align:start\none\n\n01:00:00.000 --> 01:00:50.000\ntwo\nlines\n",
  );
  assert.equal(writeWebVtt(readCues(text), 3650), text);
});

test("no captions: a typed error", () => {
  for (const text of ["", "WEBVTT\n", "Dear Sir or Madam", "1\n00:00:01 --> 00:00:02\nno fraction\n"])
    assert.throws(() => readCues(text), { code: "CAPTIONS_INVALID" });
});

for (const [name, expected] of [
  ["eng", "en"],
  ["ger", "de"],
  ["pt-br", "pt-BR"],
  ["und", "und"],
  ["not a language", null],
  ["", null],
] as const)
  test(`language: ${name}`, () => assert.equal(languageOf(name), expected));
