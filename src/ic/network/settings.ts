import { PrincipalId } from "@kiln/client/network/principal-id";
import { z } from "zod";

/** Environment variables of src/ic. What is absent comes from the running local network. */
export const IcSettings = z.object({
  /** URL of the network: https://icp-api.io is the Internet Computer. */
  KILN_IC_HOST: z.url({ protocol: /^https?$/, error: "a URL like https://icp-api.io" }).optional(),
  /** `mainnet`, `fetch` (ask the host: only for a network of one's own), the key in hex, or the path of a DER file. */
  KILN_IC_ROOT_KEY: z.string().optional(),
  /** PEM file of the identity that signs, readable by its owner only. */
  KILN_IDENTITY: z.string().optional(),
  /** Its directory names the others where they are not given. */
  KILN_GLOBAL_CONFIGURATION_CANISTER: PrincipalId.optional(),
  /** One or several, separated by commas: videos spread over them by free space. */
  KILN_STORAGE_CANISTER: z
    .string()
    .transform((text) => text.split(",").map((id) => id.trim()))
    .pipe(z.array(PrincipalId))
    .optional(),
  KILN_CONTENT_INDEX_CANISTER: PrincipalId.optional(),
  /** Where the authors of posts live: asked only for videos that belong to a post. */
  KILN_USER_INDEX_CANISTER: PrincipalId.optional(),
});
export type IcSettings = z.infer<typeof IcSettings>;
