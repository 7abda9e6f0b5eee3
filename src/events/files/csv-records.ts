/** A record of a CSV file: the lines it begins and ends at, from 1, and its fields. */
export type CsvRecord = { line: number; lastLine: number; fields: string[] };

/**
 * Cuts CSV into records: fields in double quotes may hold commas, line ends and doubled quotes.
 * @source RFC 4180
 */
export async function* csvRecords(
  chunks: AsyncIterable<string> | Iterable<string>,
): AsyncGenerator<CsvRecord> {
  let fields: string[] = [];
  let field = "";
  let where: "plain" | "quoted" | "after quote" = "plain";
  let line = 1;
  let start = 1;
  for await (const chunk of chunks) {
    for (const character of chunk) {
      if (character === "\n") line++;
      if (where === "quoted") {
        if (character === '"') where = "after quote";
        else field += character;
      } else if (character === '"') {
        // "If double-quotes are used to enclose fields, then a double-quote inside must be escaped by another."
        if (where === "after quote") field += character;
        where = "quoted";
      } else if (character === ",") {
        fields.push(field);
        field = "";
        where = "plain";
      } else if (character === "\n") {
        yield { line: start, lastLine: line - 1, fields: [...fields, field] };
        fields = [];
        field = "";
        where = "plain";
        start = line;
      } else if (character !== "\r") field += character;
    }
  }
  if (fields.length > 0 || field !== "") yield { line: start, lastLine: line, fields: [...fields, field] };
}
