/** How fast an upload into one storage canister was. Seconds from the first call to the last answer. */
export type Bandwidth = {
  /** Text form of the storage canister's principal. */
  bucket: string;
  bytes: number;
  chunks: number;
  seconds: number;
  callsInFlight: InFlight;
  /** A call carries several small ones. */
  chunksInFlight: InFlight;
  /** Calls that failed transiently and were retried. */
  repeated: number;
};

/** `mean` over the time of sending. */
export type InFlight = { mean: number; most: number };

/** Sums up consecutive uploads by bucket, in order of first appearance. */
export function byBucket(uploads: readonly Bandwidth[]): Bandwidth[] {
  const sums = new Map<string, Bandwidth>();
  for (const upload of uploads) {
    const known = sums.get(upload.bucket);
    sums.set(upload.bucket, known === undefined ? upload : sum(known, upload));
  }
  return [...sums.values()];
}

function sum(a: Bandwidth, b: Bandwidth): Bandwidth {
  const seconds = a.seconds + b.seconds;
  const joined = (one: InFlight, other: InFlight): InFlight => ({
    mean: seconds === 0 ? 0 : (one.mean * a.seconds + other.mean * b.seconds) / seconds,
    most: Math.max(one.most, other.most),
  });
  return {
    bucket: a.bucket,
    bytes: a.bytes + b.bytes,
    chunks: a.chunks + b.chunks,
    seconds,
    callsInFlight: joined(a.callsInFlight, b.callsInFlight),
    chunksInFlight: joined(a.chunksInFlight, b.chunksInFlight),
    repeated: a.repeated + b.repeated,
  };
}

/** MB/s (1 MB is 10^6 bytes); 0 when nothing was sent. */
export function megabytesPerSecond({ bytes, seconds }: Pick<Bandwidth, "bytes" | "seconds">): number {
  return seconds === 0 ? 0 : bytes / 1e6 / seconds;
}

/** In words: a line of `kiln publish`. */
export function describeBandwidth(bandwidth: Bandwidth): string {
  const { bucket, bytes, chunks, seconds, callsInFlight, chunksInFlight, repeated } = bandwidth;
  if (chunks === 0) return `${bucket}: nothing had to be sent`;
  const flown = ({ mean, most }: InFlight) => `${mean.toFixed(1)} (at most ${most})`;
  const again = repeated === 0 ? "" : `, ${repeated} repeated`;
  return `${bucket}: ${(bytes / 1e6).toFixed(1)} MB in ${seconds.toFixed(1)} s, ${megabytesPerSecond(bandwidth).toFixed(1)} MB/s, ${flown(chunksInFlight)} chunks in ${flown(callsInFlight)} calls in flight${again}`;
}
