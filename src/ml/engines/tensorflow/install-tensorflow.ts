import { chmod, mkdir, mkdtemp, readdir, rename, rm, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join, resolve } from "node:path";
import { TypedError } from "../../../base/typed-error.ts";
import { findInstallation, type Installation, installationFile } from "./installation.ts";
import { runTool, toolRuns } from "./run-tool.ts";
import { tensorflowVersion, type Wheel, type WheelSet, wheelSets } from "./wheels.ts";

export type InstallOptions = {
  directory: string;
  cuda: boolean;
  /** Receives a sentence about each step. */
  onStep: (message: string) => void;
  signal?: AbortSignal;
};

/**
 * Extracts libtensorflow from the Python wheels of TensorFlow (checked against pinned SHA-256 sums) and compiles the
 * binding of tfjs-node-gpu against it. The package's own install script fetches libtensorflow 2.9, which supports neither
 * current GPUs nor current Node.js.
 * @returns whether anything had to be done
 * @throws TypedError ENGINE_UNSUPPORTED, ENGINE_TOOLS_MISSING, ENGINE_INSTALL_FAILED
 */
export async function installTensorflow(options: InstallOptions): Promise<boolean> {
  const directory = resolve(options.directory);
  const kind = `${process.arch}-${options.cuda ? "cuda" : "cpu"}`;
  const wheelSet = process.platform === "linux" ? wheelSets[kind] : undefined;
  if (wheelSet === undefined)
    throw new TypedError(
      "ENGINE_UNSUPPORTED",
      `there is no TensorFlow for ${process.platform} ${kind}: use --engine webgpu or wasm`,
    );
  const wanted: Installation = { tensorflow: tensorflowVersion, kind: kind as Installation["kind"] };
  const present = await findInstallation(directory);
  if (present?.tensorflow === wanted.tensorflow && present.kind === wanted.kind) return false;
  await findTools();
  await mkdir(dirname(directory), { recursive: true });
  // Beside its final place, so that the last step is a rename: an incomplete installation is never used.
  const building = await mkdtemp(`${directory}.`);
  await chmod(building, 0o755);
  try {
    await fetchLibraries(building, wheelSet, options);
    options.onStep("compiling the binding of tfjs-node-gpu");
    await compileBinding(building, options.signal);
    await rm(join(building, "include"), { recursive: true, force: true });
    await writeFile(installationFile(building), `${JSON.stringify(wanted)}\n`);
    await rm(directory, { recursive: true, force: true });
    await rename(building, directory);
  } finally {
    await rm(building, { recursive: true, force: true });
  }
  return true;
}

/** Required programs and headers, and the Debian package of each. */
const tools: readonly { command: string[]; package: string }[] = [
  { command: ["python3", "--version"], package: "python3" },
  { command: ["python3", "-m", "pip", "--version"], package: "python3-pip" },
  { command: ["g++", "--version"], package: "g++" },
];

async function findTools(): Promise<void> {
  const missing = [];
  for (const tool of tools) if (!(await toolRuns(tool.command))) missing.push(tool);
  if (missing.length === 0) return;
  const names = missing.map(({ command }) => command.slice(0, -1).join(" ")).join(", ");
  const packages = missing.map((tool) => tool.package).join(" ");
  throw new TypedError(
    "ENGINE_TOOLS_MISSING",
    `${names} missing: install with sudo apt-get install -y --no-install-recommends ${packages}, then run this again`,
  );
}

/** A requirements file with checksums: pip refuses everything else. */
const requirements = (wheels: readonly Wheel[]) =>
  wheels
    .map(({ name, version, sha256 }) =>
      [`${name}==${version}`, ...sha256.map((sum) => `--hash=sha256:${sum}`)].join(" "),
    )
    .join("\n");

/** Extracts only the needed files of a wheel, which is a zip file. */
const unpack = `
import sys, zipfile
wheel, target, *prefixes = sys.argv[1:]
archive = zipfile.ZipFile(wheel)
archive.extractall(target, [name for name in archive.namelist() if name.startswith(tuple(prefixes))])
`;

const neededOfWheels = ["tensorflow/libtensorflow_", "tensorflow/include/", "nvidia/"];

async function fetchLibraries(
  building: string,
  { wheels, platforms, megabytes }: WheelSet,
  { onStep, signal }: InstallOptions,
) {
  const downloads = join(building, "wheels");
  await mkdir(downloads);
  const list = join(downloads, "requirements.txt");
  await writeFile(list, requirements(wheels));
  onStep(`fetching TensorFlow ${tensorflowVersion} with pip: ${megabytes} MB`);
  await runTool(
    [
      ...["python3", "-m", "pip", "download", "--no-deps", "--require-hashes", "--only-binary=:all:"],
      ...["--disable-pip-version-check", "--no-cache-dir", "--python-version", "3.11", "--dest", downloads],
      ...platforms.flatMap((platform) => ["--platform", platform]),
      ...["--requirement", list],
    ],
    signal,
  );
  onStep("unpacking the libraries");
  for (const file of (await readdir(downloads)).filter((name) => name.endsWith(".whl"))) {
    const wheel = join(downloads, file);
    await runTool(["python3", "-c", unpack, wheel, building, ...neededOfWheels], signal);
    await rm(wheel);
  }
  await rm(downloads, { recursive: true });
  // libtensorflow looks for the CUDA libraries in ../nvidia/*/lib, relative to itself.
  await rename(join(building, "tensorflow"), join(building, "lib"));
  await rename(join(building, "lib/include"), join(building, "include"));
}

/** @source binding.gyp of @tensorflow/tfjs-node-gpu 4.22.0, without node-gyp */
async function compileBinding(building: string, signal?: AbortSignal): Promise<void> {
  const require = createRequire(import.meta.url);
  const binding = join(dirname(require.resolve("@tensorflow/tfjs-node-gpu/package.json")), "binding");
  const headers = join(dirname(require.resolve("node-api-headers/package.json")), "include");
  await runTool(
    [
      ...["g++", "-O2", "-fPIC", "-shared", "-std=c++17", "-DNAPI_VERSION=8"],
      ...[headers, join(building, "include"), binding].map((folder) => `-I${folder}`),
      ...["tfjs_backend.cc", "tfjs_binding.cc"].map((name) => join(binding, name)),
      `-L${join(building, "lib")}`,
      ...["-l:libtensorflow_cc.so.2", "-l:libtensorflow_framework.so.2", "-Wl,-rpath,$ORIGIN/lib"],
      ...["-o", join(building, "tfjs_binding.node")],
    ],
    signal,
  );
}
