import { type Command, Option } from "commander";
import type { Timing } from "../../../bench/training-step.ts";
import type { WholeTraining } from "../../../bench/whole-training.ts";
import { readSettings } from "../../config.ts";
import { type InteractionFormat, interactionFormats } from "../../ml/datasets/interactions.ts";
import { openEngine } from "../../ml/engines/open-engine.ts";
import { MlSettings } from "../../ml/settings.ts";
import { ModelParameters } from "../../ml/training/parameters/model-parameters.ts";
import { modelParameters } from "../models/train.ts";
import { printTable } from "../output.ts";

type Options = { interactions?: string; format: InteractionFormat; parameters?: ModelParameters };
type Row = [what: string, measured: string, ratio: string, target: string];

/** What a training of the same size takes in PyTorch, and what Kiln may take of it. */
const competitors = [
  ["plain", "PyTorch, F.cross_entropy", "at most 0.4"],
  ["chunked", "PyTorch, loss in chunks", "at most 0.8"],
] as const;

export default function benchTrain(command: Command): void {
  command
    .description(
      "a training step beside PyTorch; with --interactions also an epoch, and the way to the best checkpoint",
    )
    .option("--interactions <file>", "a file of interactions, such as ML-1M")
    .addOption(new Option("--format <format>", "of that file").choices(interactionFormats).default("pairs"))
    .option("--parameters <json>", "of the whole training, other than the defaults", modelParameters)
    .action(async (options: Options) => {
      const rows = [...(await stepRows()), ...(await trainingRows(options))];
      printTable(["what", "measured", "ratio", "target"], rows);
    });
}

async function stepRows(): Promise<Row[]> {
  const { trainingStepTimings } = await import("../../../bench/training-step.ts");
  const { engine, mode, kiln, ...others } = await trainingStepTimings(readSettings(MlSettings).KILN_ENGINE);
  const show = ({ cpu, wall }: Timing) => `${cpu.toFixed(0)} CPU ms (${wall.toFixed(0)} ms)`;
  return competitors.map(([name, what, target]) => [
    `a training step on ${engine.name}, ${mode} / ${what}`,
    `${show(kiln)} / ${show(others[name])}`,
    (kiln.cpu / others[name].cpu).toFixed(2),
    target,
  ]);
}

async function trainingRows({ interactions, format, parameters }: Options): Promise<Row[]> {
  if (interactions === undefined) return [];
  const { KILN_ENGINE, KILN_TENSORFLOW } = readSettings(MlSettings);
  const engine = await openEngine(KILN_ENGINE, { tensorflow: KILN_TENSORFLOW });
  const { wholeTrainings } = await import("../../../bench/whole-training.ts");
  const options = { interactions, format, engine, parameters: parameters ?? ModelParameters.parse({}) };
  const { kiln, ...others } = await wholeTrainings(options);
  const measures = [
    ["an epoch", "epochSeconds"],
    ["to the best checkpoint", "bestSeconds"],
  ] as const;
  const show = ({ cpu, wall, best }: WholeTraining, measure: (typeof measures)[number][1]) =>
    `${cpu[measure].toFixed(1)} CPU s (${wall[measure].toFixed(1)} s)${measure === "bestSeconds" ? `, epoch ${best.epoch}, NDCG@10 ${best.ndcg.toFixed(4)}` : ""}`;
  return competitors.flatMap(([name, what, target]) =>
    measures.map(
      ([measured, measure]): Row => [
        `${measured} / ${what}`,
        `${show(kiln, measure)} / ${show(others[name], measure)}`,
        (kiln.cpu[measure] / others[name].cpu[measure]).toFixed(2),
        target,
      ],
    ),
  );
}
