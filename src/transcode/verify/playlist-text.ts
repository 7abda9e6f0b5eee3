/** What a written playlist names: paths beside it, and the seconds of its segments. */
export type Named = { uris: string[]; seconds: number[] };

/**
 * Reads an HLS playlist back.
 * @throws Error when it does not begin as one
 * @source RFC 8216, 4.1: "Each line is a URI, is blank, or starts with the character '#'"
 */
export function readHls(text: string): Named {
  if (!text.startsWith("#EXTM3U\n")) throw new Error("does not begin with #EXTM3U");
  const lines = text.split("\n");
  return {
    uris: [
      ...lines.filter((line) => line !== "" && !line.startsWith("#")),
      ...[...text.matchAll(/[:,]URI="([^"]*)"/g)].map(([, uri]) => uri!),
    ],
    seconds: lines.flatMap((line) => /^#EXTINF:([\d.]+),/.exec(line)?.slice(1).map(Number) ?? []),
  };
}

/** Reads which files a DASH manifest of ours names. */
export function readDash(text: string): string[] {
  if (!text.trimEnd().endsWith("</MPD>")) throw new Error("does not end with </MPD>");
  return [...text.matchAll(/ (?:media|sourceURL)="([^"]*)"|<BaseURL>([^<]*)</g)].map(
    ([, attribute, content]) => attribute ?? content!,
  );
}
