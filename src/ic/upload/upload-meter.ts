import type { Bandwidth } from "./bandwidth.ts";

/** Progress of an upload. Only bytes sent by this run are counted, not those that had arrived earlier. */
export type UploadProgress = {
  phase: "send" | "verify" | "done";
  /** Of all files. */
  totalBytes: number;
  sentBytes: number;
  /** Spent sending so far. */
  seconds: number;
  /** Bytes of the calls in flight: what the uploader holds in memory. */
  bytesInFlight: number;
  callsInFlight: number;
};

/** Counts what is sent and in flight, and notifies the listener of every change. */
export class UploadMeter {
  #phase: UploadProgress["phase"] = "send";
  readonly #totalBytes: number;
  readonly #listener: ((progress: UploadProgress) => void) | undefined;
  readonly #now: () => number;
  #sentChunks = 0;
  #sentBytes = 0;
  #repeated = 0;
  #bytesInFlight = 0;
  readonly #calls: Level;
  readonly #chunks: Level;

  /** @param now a monotonic clock in milliseconds */
  constructor(
    totalBytes: number,
    listener: ((progress: UploadProgress) => void) | undefined,
    now: () => number = () => performance.now(),
  ) {
    this.#totalBytes = totalBytes;
    this.#listener = listener;
    this.#now = now;
    this.#calls = new Level();
    this.#chunks = new Level();
  }

  get sentChunks(): number {
    return this.#sentChunks;
  }

  get sentBytes(): number {
    return this.#sentBytes;
  }

  enter(phase: UploadProgress["phase"]): void {
    this.#phase = phase;
    this.#tell();
  }

  /** A call with these chunks and bytes is in flight until the result is disposed. */
  flight(chunks: number, bytes: number): Disposable {
    this.#inFlight(chunks, bytes, 1);
    return { [Symbol.dispose]: () => this.#inFlight(-chunks, -bytes, -1) };
  }

  arrived(chunks: number, bytes: number): void {
    this.#sentChunks += chunks;
    this.#sentBytes += bytes;
    this.#tell();
  }

  /** A call failed transiently and is retried. */
  repeated(): void {
    this.#repeated += 1;
  }

  bandwidth(bucket: string): Bandwidth {
    return {
      bucket,
      bytes: this.#sentBytes,
      chunks: this.#sentChunks,
      seconds: this.#calls.milliseconds / 1000,
      callsInFlight: this.#calls.report(),
      chunksInFlight: this.#chunks.report(),
      repeated: this.#repeated,
    };
  }

  #inFlight(chunks: number, bytes: number, calls: number): void {
    const now = this.#now();
    this.#calls.change(calls, now);
    this.#chunks.change(chunks, now);
    this.#bytesInFlight += bytes;
    this.#tell();
  }

  #tell(): void {
    this.#listener?.({
      phase: this.#phase,
      totalBytes: this.#totalBytes,
      sentBytes: this.#sentBytes,
      seconds: this.#calls.milliseconds / 1000,
      bytesInFlight: this.#bytesInFlight,
      callsInFlight: this.#calls.now,
    });
  }
}

/** A number that goes up and down, and its mean over the time in which it is not 0. */
class Level {
  now = 0;
  #most = 0;
  /** Its integral over time. */
  #area = 0;
  #since = 0;
  milliseconds = 0;

  change(by: number, at: number): void {
    if (this.now > 0) {
      this.#area += this.now * (at - this.#since);
      this.milliseconds += at - this.#since;
    }
    this.#since = at;
    this.now += by;
    this.#most = Math.max(this.#most, this.now);
  }

  report(): { mean: number; most: number } {
    const mean = this.milliseconds === 0 ? 0 : this.#area / this.milliseconds;
    return { mean, most: this.#most };
  }
}
