import { type Command, InvalidArgumentError } from "commander";
import { readSettings } from "../../config.ts";
import { probeEngines } from "../../ml/engines/probe-engines.ts";
import { installTensorflow } from "../../ml/engines/tensorflow/install-tensorflow.ts";
import { defaultDirectory } from "../../ml/engines/tensorflow/installation.ts";
import { MlSettings } from "../../ml/settings.ts";
import { printTable } from "../output.ts";
import { stopSignal } from "../stop-signal.ts";

export default function engineCommand(command: Command): void {
  command
    .command("list")
    .description("which engines work on this machine, best first, and why the others do not")
    .option("--json", "print one JSON document")
    .action(async ({ json }: { json?: true }) => {
      const probes = await probeEngines(readSettings(MlSettings).KILN_TENSORFLOW);
      if (json) return console.log(JSON.stringify({ engines: probes }));
      printTable(
        ["engine", "", "runs on"],
        probes.map((probe) =>
          "device" in probe ? [probe.name, "ok", probe.device] : [probe.name, "--", probe.reason],
        ),
      );
    });
  command
    .command("install")
    .description("fetch TensorFlow with pip and compile its binding; needs python3 with pip, and g++")
    .argument("<engine>", "tensorflow: the others come with Kiln", onlyTensorflow)
    .option("--cuda", "the build for NVIDIA GPUs, with CUDA's libraries: about 3.4 GB to fetch")
    .option("--dir <folder>", "where to (default: KILN_TENSORFLOW, or .runtime/tensorflow in Kiln's folder)")
    .action(async (_, { cuda = false, dir }: { cuda?: boolean; dir?: string }) => {
      const directory = dir ?? readSettings(MlSettings).KILN_TENSORFLOW ?? defaultDirectory;
      const onStep = (message: string) => console.error(`kiln: ${message}`);
      const done = await installTensorflow({ directory, cuda, onStep, signal: stopSignal() });
      console.log(`${done ? "installed" : "there already"}: ${directory}`);
      if (dir !== undefined) console.log(`to use it: export KILN_TENSORFLOW=${directory}`);
    });
}

function onlyTensorflow(name: string): string {
  if (name === "tensorflow") return name;
  throw new InvalidArgumentError("only tensorflow has to be installed; webgpu and wasm come with Kiln");
}
