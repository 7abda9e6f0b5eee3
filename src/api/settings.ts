import { z } from "zod";

export const ApiSettings = z.object({
  /** Address to listen on. Elsewhere than on loopback a token is needed. */
  KILN_API_HOST: z.string().min(1).default("127.0.0.1"),
  /** 0 takes a free port. */
  KILN_API_PORT: z.coerce.number().int().min(0).max(65_535).default(8080),
  /** What callers send as `Authorization: Bearer ...`. */
  KILN_API_TOKEN: z
    .string()
    .regex(/^[\w.~+/=-]{16,}$/, "at least 16 letters, digits or . _ ~ + / = -")
    .optional(),
});
