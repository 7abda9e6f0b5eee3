/** What a frame can be, in the order of the network's output. */
export const classes = ["drawing", "hentai", "neutral", "porn", "sexy"] as const;
export type FrameClass = (typeof classes)[number];

/** A probability for each class; together 1. */
export type FrameScores = Record<FrameClass, number>;

/** The networks that the npm package nsfwjs holds and whose inner layers can be read. */
export const classifierNames = ["mobilenet_v2", "inception_v3"] as const;
export type ClassifierName = (typeof classifierNames)[number];
