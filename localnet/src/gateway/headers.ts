export type Headers = [string, string][];

/** @source RFC 9110, section 7.6.1: about one connection, not about the message */
const hopByHop = [
  "connection",
  "keep-alive",
  "proxy-authenticate",
  "proxy-authorization",
  "proxy-connection",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
];

/** The headers that a gateway forwards. */
export function passedOn(headers: Headers): Headers {
  const named = headers
    .filter(([name]) => name.toLowerCase() === "connection")
    .flatMap(([, value]) => value.split(",").map((option) => option.trim().toLowerCase()));
  const dropped = new Set([...hopByHop, ...named]);
  return headers.filter(([name]) => !dropped.has(name.toLowerCase()));
}

/** The first value of a header, its name in lower case. */
export function headerOf(headers: Headers, name: string): string | undefined {
  return headers.find(([candidate]) => candidate.toLowerCase() === name)?.[1];
}

/** The headers except those with the given names, in lower case. */
export function without(headers: Headers, ...names: string[]): Headers {
  return headers.filter(([name]) => !names.includes(name.toLowerCase()));
}
