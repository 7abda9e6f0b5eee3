/** Where an upload stands. Bytes count only what this run sends: what had arrived before is not sent again. */
export type UploadProgress = {
  phase: "send" | "verify" | "done";
  /** Of all files. */
  totalBytes: number;
  sentBytes: number;
  /** Bytes of the calls under way: what the uploader holds in memory. */
  bytesInFlight: number;
  callsInFlight: number;
};

/** Counts what is sent and under way, and tells the listener after every change. */
export class UploadMeter {
  #progress: UploadProgress;
  #sentChunks = 0;
  readonly #listener: ((progress: UploadProgress) => void) | undefined;

  constructor(totalBytes: number, listener: ((progress: UploadProgress) => void) | undefined) {
    this.#progress = { phase: "send", totalBytes, sentBytes: 0, bytesInFlight: 0, callsInFlight: 0 };
    this.#listener = listener;
  }

  get sentChunks(): number {
    return this.#sentChunks;
  }

  get sentBytes(): number {
    return this.#progress.sentBytes;
  }

  enter(phase: UploadProgress["phase"]): void {
    this.#change({ phase });
  }

  /** A call of that many bytes is under way until the result is disposed of. */
  flight(bytes: number): Disposable {
    this.#inFlight(bytes, 1);
    return { [Symbol.dispose]: () => this.#inFlight(-bytes, -1) };
  }

  arrived(chunks: number, bytes: number): void {
    this.#sentChunks += chunks;
    this.#change({ sentBytes: this.#progress.sentBytes + bytes });
  }

  #inFlight(bytes: number, calls: number): void {
    this.#change({
      bytesInFlight: this.#progress.bytesInFlight + bytes,
      callsInFlight: this.#progress.callsInFlight + calls,
    });
  }

  #change(change: Partial<UploadProgress>): void {
    this.#progress = { ...this.#progress, ...change };
    this.#listener?.(this.#progress);
  }
}
