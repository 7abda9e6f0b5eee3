import { z } from "zod";

export const ApiSettings = z
  .object({
    KILN_API_HOST: z.string().min(1).default("127.0.0.1").meta({
      description: "address on which `kiln api` listens; an address that is not loopback requires a token",
    }),
    KILN_API_PORT: z.coerce
      .number()
      .int()
      .min(0)
      .max(65_535)
      .default(8080)
      .meta({ description: "port on which `kiln api` listens; 0 takes a free one" }),
    KILN_API_TOKEN: z
      .string()
      .regex(/^[\w.~+/=-]{16,}$/, "at least 16 letters, digits or . _ ~ + / = -")
      .optional()
      .meta({
        description:
          "what callers send as `Authorization: Bearer ...`: at least 16 letters, digits or `. _ ~ + / = -`",
      }),
  })
  .meta({ title: "API" });
