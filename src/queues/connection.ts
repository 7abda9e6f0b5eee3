import { Redis } from "ioredis";
import { TypedError } from "../base/typed-error.ts";

/**
 * Connects to Redis. A connection that is lost later is re-established.
 * @param url redis://[user:password@]host:port[/db], rediss:// for TLS
 * @param options.timeoutMs after which commands fail; they fail at once while the connection is lost. Without it they wait
 * @throws TypedError REDIS_UNREACHABLE when the server does not answer now
 */
export async function connectRedis(url: string, { timeoutMs }: { timeoutMs?: number } = {}): Promise<Redis> {
  const redis = new Redis(url, {
    lazyConnect: true,
    // BullMQ requires null, so that a blocked command waits for the reconnection instead of failing.
    ...(timeoutMs === undefined
      ? { maxRetriesPerRequest: null }
      : { maxRetriesPerRequest: 0, commandTimeout: timeoutMs, enableOfflineQueue: false }),
  });
  const firstFailure = new Promise<never>((_, fail) => redis.once("error", fail));
  firstFailure.catch(() => {});
  // Later errors are followed by a reconnection; without a listener each would be printed with its stack.
  redis.on("error", () => {});
  try {
    await Promise.race([redis.connect().then(() => redis.ping()), firstFailure]);
    return redis;
  } catch (cause) {
    redis.disconnect();
    throw new TypedError(
      "REDIS_UNREACHABLE",
      `no Redis answers at ${withoutPassword(url)} (${describe(cause)}): start redis-server or set KILN_REDIS_URL`,
      { cause },
    );
  }
}

/** Settings of this server that could lose jobs or records, a sentence each. Servers that hide their settings pass. */
export async function redisWarnings(redis: Redis): Promise<string[]> {
  const settings = (name: string) => redis.config("GET", name).catch(() => []) as Promise<string[]>;
  const [, policy = "noeviction"] = await settings("maxmemory-policy");
  const [, appendonly = "yes"] = await settings("appendonly");
  const warnings: string[] = [];
  if (policy !== "noeviction")
    warnings.push(`Redis may evict jobs and records (maxmemory-policy ${policy}): set it to noeviction`);
  if (appendonly !== "yes")
    warnings.push("Redis forgets its last writes when it crashes (appendonly no): set appendonly yes");
  return [...warnings, ...(await redisFaults(redis))];
}

/** Why this server refuses writes, or soon will, a sentence each. */
export async function redisFaults(redis: Redis): Promise<string[]> {
  const faults: string[] = [];
  const { used_memory = 0, maxmemory = 0 } = await figures(redis, "memory");
  if (maxmemory > 0 && used_memory > fullShare * maxmemory)
    faults.push(
      `Redis uses ${used_memory} of ${maxmemory} bytes and refuses writes at its limit: raise maxmemory, or compact events`,
    );
  const persistence = await redis.info("persistence").catch(() => "");
  for (const status of ["rdb_last_bgsave_status", "aof_last_write_status", "aof_last_bgrewrite_status"])
    if (persistence.includes(`${status}:err`))
      faults.push(`Redis could not write to its disk (${status}): make room there and read its log`);
  return faults;
}

/** Share of its memory limit from which Redis is nearly full. */
const fullShare = 0.9;

/** The numbers of a section of INFO. */
async function figures(redis: Redis, section: string): Promise<Record<string, number | undefined>> {
  const text = await redis.info(section).catch(() => "");
  return Object.fromEntries(
    [...text.matchAll(/^(\w+):(\d+)\r?$/gm)].map(([, name, value]) => [name, Number(value)]),
  );
}

function withoutPassword(url: string): string {
  const shown = new URL(url);
  if (shown.password) shown.password = "***";
  return shown.href;
}

function describe(cause: unknown): string {
  const { code, message } = cause as NodeJS.ErrnoException;
  return code ?? message;
}
