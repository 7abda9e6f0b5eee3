import { isMainnet } from "./hosts.ts";

/**
 * URL under which an HTTP gateway serves a canister's file. On the Internet Computer every canister has
 * its own domain, on a local network a path prefix, because not every program resolves *.localhost.
 * @param host URL of the network
 * @param path absolute URL path in the canister
 */
export function gatewayUrl(host: string, canisterId: string, path: string): string {
  if (isMainnet(host)) return new URL(path, `https://${canisterId}.icp0.io`).href;
  return new URL(`/-/${canisterId}${path}`, host).href;
}
