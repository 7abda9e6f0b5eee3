/** A module that is broken, or that uses a feature which the local network does not run. */
export class InvalidWasm extends Error {
  override readonly name = "InvalidWasm";
}
