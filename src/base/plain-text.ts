import { stripVTControlCharacters } from "node:util";

/** @source Unicode Standard Annex #9, "Explicit Directional Formatting Characters", and the marks beside them */
const directions = /[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu;

/**
 * A text without what could steer a terminal or turn the direction of what follows it: escape sequences and directional
 * formatting go, other control characters become spaces, halves of surrogate pairs U+FFFD.
 */
export const plainText = (text: string): string =>
  stripVTControlCharacters(text)
    .toWellFormed()
    .replaceAll(directions, "")
    .replaceAll(/\p{Cc}+/gu, " ");
