const mainnetDomains = ["icp0.io", "icp-api.io", "ic0.app", "icp.io"];

/** True for hosts of the Internet Computer itself, whose root key is known and never fetched. */
export function isMainnet(host: string): boolean {
  const { hostname } = new URL(host);
  return mainnetDomains.some((domain) => hostname === domain || hostname.endsWith(`.${domain}`));
}

/** True for a network on this machine. */
export function isLoopback(host: string): boolean {
  const { hostname } = new URL(host);
  return hostname === "localhost" || hostname.endsWith(".localhost") || /^(127\..*|\[::1\])$/.test(hostname);
}
