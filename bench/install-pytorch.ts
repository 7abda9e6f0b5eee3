import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { runTool } from "../src/ml/engines/tensorflow/run-tool.ts";

const pytorch = "torch==2.15.0";

/** Brings PyTorch into a folder of its own, once. @returns the folder, for PYTHONPATH */
export async function installPytorch(): Promise<string> {
  const folder = fileURLToPath(new URL("../.runtime/bench-pytorch", import.meta.url));
  if (existsSync(`${folder}/torch/__init__.py`)) return folder;
  console.error(
    `kiln: installing ${pytorch} for comparison into ${folder}: about 3 GB to download, 5.3 GB on disk`,
  );
  await runTool([
    ...["python3", "-m", "pip", "install", "--only-binary=:all:", "--disable-pip-version-check", "--quiet"],
    ...["--target", folder, pytorch],
  ]);
  return folder;
}
