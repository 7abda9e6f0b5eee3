const mainnetDomains = ["icp0.io", "icp-api.io", "ic0.app", "icp.io"];

/** True for hosts of the Internet Computer itself, whose root key is known and never fetched. */
export function isMainnet(host: string): boolean {
  const { hostname } = new URL(host);
  return mainnetDomains.some((domain) => hostname === domain || hostname.endsWith(`.${domain}`));
}

const octet = "(0|[1-9]\\d?|1\\d\\d|2[0-4]\\d|25[0-5])";
const loopback = new RegExp(`^(localhost|([\\w-]+\\.)+localhost|127(\\.${octet}){3}|::1|\\[::1\\])$`, "i");

/**
 * True for names and addresses that always refer to this machine: localhost and its subdomains, 127.0.0.0/8 and ::1. A
 * name that merely begins like one (127.evil.example) can belong to anyone.
 * @param hostname as in `URL.hostname`, or an address to listen on; without a port
 * @source RFC 6761, 6.3; RFC 1122, 3.2.1.3
 */
export function isLoopback(hostname: string): boolean {
  return loopback.test(hostname);
}
