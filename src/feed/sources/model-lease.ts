import type { ServedModel } from "./served-model.ts";

/** The model for one request: it is not freed before the lease is. */
export type ModelLease = { readonly model: ServedModel | undefined } & Disposable;

/** A lease of a model that somebody else frees. */
export const lent = (model: ServedModel | undefined): ModelLease => ({ model, [Symbol.dispose]() {} });
