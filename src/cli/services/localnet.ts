import { join, resolve } from "node:path";
import type { Durability, OutcallPolicy } from "@kiln/localnet";
import { type Command, InvalidArgumentError, Option } from "commander";
import { inKilnHome } from "../../base/kiln-home.ts";
import { aborted, stopSignal } from "../stop-signal.ts";
import { startLocalNetwork } from "./local-network.ts";

interface LocalnetOptions {
  port: number;
  state: string;
  subnets: number;
  round: number;
  betweenSubnets: number;
  outcalls: OutcallPolicy;
  durability: Durability;
}

export default function localnet(command: Command): void {
  command
    .option("--port <n>", "TCP port on 127.0.0.1; 0 takes a free one", portNumber, 4943)
    .option("--state <dir>", "folder that keeps the network across restarts", inKilnHome("localnet"))
    .option("--subnets <n>", "minimum number of subnets, including the root subnet", subnetCount, 3)
    .option(
      "--round <ms>",
      "length of a consensus round: updates wait for its end, in milliseconds",
      duration,
      0,
    )
    .option(
      "--between-subnets <ms>",
      "latency of messages between subnets, each way, in milliseconds",
      duration,
      0,
    )
    .addOption(
      new Option("--outcalls <where>", "where HTTPS outcalls of canisters may go")
        .choices(["off", "loopback", "any"])
        .default("off"),
    )
    .addOption(
      new Option(
        "--durability <of>",
        "answered updates survive the end of the process, or also a crash of the machine (slower)",
      )
        .choices(["process", "machine"])
        .default("process"),
    )
    .addHelpText(
      "after",
      "\nkiln publish finds it by <dir>/kiln.json when <dir> is the default. A development tool, never a place for data.",
    )
    .action(async (options: LocalnetOptions) => {
      const { port, state, subnets, round, betweenSubnets, outcalls, durability } = options;
      const stop = stopSignal();
      console.error("compiling and installing the canisters...");
      const folder = resolve(state);
      await using network = await startLocalNetwork({
        folder,
        state: join(folder, "network"),
        port,
        subnets,
        latency: { round, betweenSubnets },
        outcalls,
        durability,
      });
      const { host, identity, canisters } = network.deployment;
      console.log(`network               ${host}`);
      for (const [name, id] of Object.entries(canisters)) console.log(`${name.padEnd(22)}${id}`);
      console.log(`identity              ${identity}`);
      console.log(`root key              ${Buffer.from(network.rootKey).toString("hex")}`);
      for (const id of network.subnetIds) console.log(`subnet                ${id}`);
      console.log("Ctrl-C stops it; the state is kept.");
      await aborted(stop);
      console.error("stopping...");
    });
}

function subnetCount(text: string): number {
  const count = Number(text);
  if (!Number.isInteger(count) || count < 1 || count > 64)
    throw new InvalidArgumentError("a number of subnets is a whole number from 1 to 64");
  return count;
}

function duration(text: string): number {
  const milliseconds = Number(text);
  if (!(milliseconds >= 0 && milliseconds <= 60_000))
    throw new InvalidArgumentError("a duration is a number of milliseconds from 0 to 60000");
  return milliseconds;
}

function portNumber(text: string): number {
  const port = Number(text);
  if (!Number.isInteger(port) || port < 0 || port > 65_535)
    throw new InvalidArgumentError("a port is a whole number from 0 to 65535");
  return port;
}
