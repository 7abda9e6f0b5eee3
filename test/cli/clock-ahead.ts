/** Loaded before a program (`node --import`): its clock is CLOCK_AHEAD_MS milliseconds ahead of the machine's. */
const ahead = Number(process.env.CLOCK_AHEAD_MS);
const SystemDate = Date;
globalThis.Date = class extends SystemDate {
  constructor(...given: [] | [string | number | Date]) {
    super(given.length === 0 ? SystemDate.now() + ahead : given[0]);
  }
  static override now() {
    return SystemDate.now() + ahead;
  }
} as DateConstructor;
