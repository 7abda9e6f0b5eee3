/** As `Promise.all`, but a failure waits for the others: nothing may still write into a folder that is being removed. */
export async function allEnded<T>(work: readonly Promise<T>[]): Promise<T[]> {
  const ended = await Promise.allSettled(work);
  return ended.map((result) => {
    if (result.status === "rejected") throw result.reason;
    return result.value;
  });
}
