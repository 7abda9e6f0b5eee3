/** A module that is malformed or uses a feature that the local network does not support. */
export class InvalidWasm extends Error {
  override readonly name = "InvalidWasm";
}
