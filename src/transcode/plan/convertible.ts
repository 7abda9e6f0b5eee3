/** Curves that zimg has no formula for, as ffprobe names them, and the nearest one that it has. */
const transfers: Readonly<Record<string, string>> = {
  bt1361e: "bt709",
  smpte428: "iec61966-2-1",
};
/** Matrices that it supports for some curves only, or not at all. Files with these are usually tagged wrongly, and are BT.2020. */
const matrices: Readonly<Record<string, { unless: readonly string[] }>> = {
  bt2020c: { unless: ["bt709", "bt2020-10", "bt2020-12"] },
  ictcp: { unless: ["smpte2084", "arib-std-b67"] },
  smpte2085: { unless: [] },
};

/** The nearest description of a source's colours that can be converted: rare tags must not fail a video. Pure. */
export function convertible<Transfer extends string>(matrix: string, transfer: Transfer) {
  const known = (transfers[transfer] ?? transfer) as Transfer;
  const rare = matrices[matrix];
  return {
    matrix: rare !== undefined && !rare.unless.includes(known) ? "bt2020nc" : matrix,
    transfer: known,
  };
}
