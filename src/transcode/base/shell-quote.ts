/** Characters that no POSIX shell gives a meaning to. */
const plain = /^[\w@%+=:,./-]+$/;

/** A command line that a POSIX shell reads as exactly these words (POSIX.1, 2.2.2: nothing is special in single quotes). */
export function shellQuote(words: readonly string[]): string {
  return words.map((word) => (plain.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`)).join(" ");
}
