import { Principal } from "@dfinity/principal";

/** The canister that an HTTP request names, and how. */
export interface Address {
  canisterId: Uint8Array;
  /** Path and query as the canister sees them. */
  url: string;
  via: "host" | "prefix" | "query" | "folder";
}

/**
 * The canister that a request names: `<canister>.localhost` as host, `/-/<canister>/...` as path, or
 * `?canisterId=<canister>`, in this order. Undefined when it names none.
 * @param host the Host header
 * @param url path and query
 */
export function addressOf(host: string | undefined, url: string): Address | undefined {
  const inHost = /^([a-z0-9-]+)\.localhost(?::\d+)?$/i.exec(host ?? "")?.[1];
  const byHost = idOf(inHost);
  if (byHost) return { canisterId: byHost, url, via: "host" };

  const [, prefixed, rest] = /^\/-\/([a-z0-9-]+)(.*)$/is.exec(url) ?? [];
  const byPrefix = idOf(prefixed);
  if (byPrefix)
    return { canisterId: byPrefix, url: rest!.startsWith("/") ? rest! : `/${rest}`, via: "prefix" };

  const byQuery = idOf(new URLSearchParams(url.split("?")[1] ?? "").get("canisterId") ?? undefined);
  return byQuery && { canisterId: byQuery, url, via: "query" };
}

/** The same document by prefix, where its relative URLs keep naming the canister. */
export function prefixForm({ canisterId, url }: Address): string {
  const [path, search = ""] = url.split("?");
  const parameters = new URLSearchParams(search);
  parameters.delete("canisterId");
  const rest = parameters.size > 0 ? `?${parameters}` : "";
  return `/-/${Principal.fromUint8Array(canisterId).toText()}${path}${rest}`;
}

const playlists = [
  "application/vnd.apple.mpegurl",
  "application/x-mpegurl",
  "audio/mpegurl",
  "application/dash+xml",
];

/** Where the relative URLs of a document can lead, by its content type: a playlist's only into its own folder. */
export function linksOf(contentType: string): "anywhere" | "its folder" | "none" {
  const type = contentType.split(";")[0]!.trim().toLowerCase();
  if (type === "text/html" || type === "application/xhtml+xml") return "anywhere";
  return playlists.includes(type) ? "its folder" : "none";
}

function idOf(text: string | undefined): Uint8Array | undefined {
  if (!text) return undefined;
  try {
    return Principal.fromText(text.toLowerCase()).toUint8Array();
  } catch {
    return undefined;
  }
}
