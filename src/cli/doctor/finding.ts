/** `good`: works. `absent`: optional; `advice` says what it would add. `bad`: has to be fixed. */
export interface Finding {
  what: string;
  state: "good" | "absent" | "bad";
  found: string;
  advice?: string;
}

export const good = (what: string, found: string): Finding => ({ what, state: "good", found });
export const absent = (what: string, found: string, advice: string): Finding => ({
  what,
  state: "absent",
  found,
  advice,
});
export const bad = (what: string, found: string, advice: string): Finding => ({
  what,
  state: "bad",
  found,
  advice,
});
