import { PrincipalId } from "@kiln/client/network/principal-id";
import { z } from "zod";

/** Settings that are absent are taken from the running local network. */
export const IcSettings = z
  .object({
    KILN_IC_HOST: z
      .url({ protocol: /^https?$/, error: "a URL like https://icp-api.io" })
      .optional()
      .meta({
        description: "URL of the network; `https://icp-api.io` is the Internet Computer",
        shownDefault: "the running `kiln localnet`",
      }),
    KILN_IC_ROOT_KEY: z.string().optional().meta({
      description:
        "root key of another network: in hexadecimal, the path of a DER file, `fetch` (trust what the host answers) or `mainnet`",
      shownDefault: "known for the Internet Computer; a host on this machine is asked",
    }),
    KILN_IDENTITY: z.string().optional().meta({
      description: "PEM file of the identity that signs (Ed25519 or secp256k1), readable by its owner only",
      shownDefault: "the local network's",
    }),
    KILN_GLOBAL_CONFIGURATION_CANISTER: PrincipalId.optional().meta({
      description:
        "principal of global_configuration: its directory names the content index and all storage canisters, over which videos spread by free space",
      shownDefault: "the local network's",
    }),
    KILN_STORAGE_CANISTER: z
      .string()
      .transform((text) => text.split(",").map((id) => id.trim()))
      .pipe(z.array(PrincipalId))
      .optional()
      .meta({
        description: "principals of storage canisters, comma-separated: only these are used",
        shownDefault: "from the directory",
      }),
    KILN_CONTENT_INDEX_CANISTER: PrincipalId.optional().meta({
      description: "principal of the content index",
      shownDefault: "from the directory",
    }),
    KILN_USER_INDEX_CANISTER: PrincipalId.optional().meta({
      description:
        "principal of user_index, which knows where the authors of posts are (`kiln enqueue --post`)",
      shownDefault: "from the directory",
    }),
  })
  .meta({ title: "Network" });
export type IcSettings = z.infer<typeof IcSettings>;
