import { type Command, InvalidArgumentError, Option } from "commander";
import type { RecommendFigure } from "../../../bench/recommend.ts";
import { inKilnHome } from "../../base/kiln-home.ts";
import { readSettings } from "../../config.ts";
import { type InteractionFormat, interactionFormats } from "../../ml/datasets/interactions.ts";
import { type EngineChoice, engineChoices } from "../../ml/engines/engine.ts";
import { openEngine } from "../../ml/engines/open-engine.ts";
import { MlSettings } from "../../ml/settings.ts";
import { ModelParameters } from "../../ml/training/parameters/model-parameters.ts";
import { modelParameters, showTraining } from "../models/train.ts";
import { printTable } from "../output.ts";
import { stopSignal } from "../stop-signal.ts";

type Options = {
  interactions: string;
  format: InteractionFormat;
  seeds: number[];
  engine?: EngineChoice;
  parameters?: ModelParameters;
  out: string;
};

/** Published figures for ML-1M by this protocol, and the targets. */
const targets: Record<string, string> = {
  Pop: "equal to .0180 / .0369",
  Markov: "at least .1500 / .2561",
  Transformer: "at least .183 / .314",
  "Transformer with Markov prior": "at least .183 / .314",
  "Both and Markov, as served": "at least .196; HSTU-large .1893 / .3294",
};

export default function benchRecommend(command: Command): void {
  command
    .description("the published protocol on a file such as ML-1M: Pop, Markov, transformers, their blend")
    .requiredOption("--interactions <file>", "a file of interactions")
    .addOption(new Option("--format <format>", "of that file").choices(interactionFormats).default("pairs"))
    .option("--seeds <numbers>", "a training each", seeds, [1])
    .addOption(new Option("--engine <engine>", "what trains").choices(engineChoices))
    .option("--parameters <json>", "other than the defaults", modelParameters)
    .option(
      "--out <folder>",
      "of the checkpoints; the same command goes on from them",
      inKilnHome("bench-recommend"),
    )
    .action(async (options: Options) => {
      const { KILN_ENGINE, KILN_TENSORFLOW } = readSettings(MlSettings);
      const engine = await openEngine(options.engine ?? KILN_ENGINE, { tensorflow: KILN_TENSORFLOW });
      const { recommendFigures } = await import("../../../bench/recommend.ts");
      console.error(`kiln: training on ${engine.name} (${engine.device})`);
      const figures = await recommendFigures({
        ...{ interactions: options.interactions, format: options.format, seeds: options.seeds, engine },
        parameters: options.parameters ?? ModelParameters.parse({}),
        folder: options.out,
        onProgress: showTraining(),
        onFigure: (figure) => console.error(`kiln: ${row(figure).join("  ")}`),
        signal: stopSignal(),
      });
      printTable(
        ["model", "seed", "validation", "NDCG@10", "HR@10", "trained in", "published or to reach"],
        figures.map((figure) => [...row(figure), targets[figure.model] ?? ""]),
      );
      for (const line of spreads(figures)) console.log(line);
    });
}

const row = ({ model, seed, validation, ndcg, hitRate, seconds }: RecommendFigure) => [
  model,
  seed?.toString() ?? "",
  validation?.toFixed(4) ?? "",
  ndcg.toFixed(4),
  hitRate.toFixed(4),
  seconds === undefined ? "" : `${(seconds / 60).toFixed(1)} min`,
];

/** Mean and spread over seeds, where there are several. */
function spreads(figures: readonly RecommendFigure[]): string[] {
  const models = new Set(figures.map(({ model }) => model));
  return [...models].flatMap((model) => {
    const own = figures.filter((figure) => figure.model === model).map(({ ndcg }) => ndcg);
    if (own.length < 2) return [];
    const mean = own.reduce((sum, value) => sum + value, 0) / own.length;
    const variance = own.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (own.length - 1);
    const range = `${Math.min(...own).toFixed(4)} to ${Math.max(...own).toFixed(4)}`;
    return [
      `${model}: NDCG@10 ${mean.toFixed(4)} on average over ${own.length} seeds, standard deviation ${Math.sqrt(variance).toFixed(4)}, ${range}`,
    ];
  });
}

function seeds(text: string): number[] {
  const numbers = text.split(",").map(Number);
  if (numbers.every((number) => Number.isInteger(number) && number >= 0)) return numbers;
  throw new InvalidArgumentError("expected whole numbers with commas between them: 1,2,3");
}
