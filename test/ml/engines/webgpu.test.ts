import { existsSync } from "node:fs";
import { test } from "node:test";
import { checkNumerics } from "./check-numerics.ts";
import { openOrReason } from "./open-or-reason.ts";

// Debian's chromium brings a Vulkan driver that needs no GPU.
const swiftshader = "/usr/lib/chromium/vk_swiftshader_icd.json";
if (existsSync(swiftshader)) process.env.VK_DRIVER_FILES ??= swiftshader;
const { engine, skip } = await openOrReason("webgpu");

test("webgpu: values and gradients are those of float64", { skip }, async () => {
  await checkNumerics(engine!);
});
