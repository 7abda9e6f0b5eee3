/**
 * Passes on the newest of many values, at most one at a time and not more often than every `betweenMs`. A failure to
 * do so is nobody's: the next value follows.
 */
export function throttleLatest<Value>(
  betweenMs: number,
  pass: (value: Value) => Promise<unknown>,
): { tell: (value: Value) => void } & Disposable {
  let waiting: { value: Value } | undefined;
  let timer: NodeJS.Timeout | undefined;
  let open = true;
  const send = async () => {
    const next = waiting;
    waiting = undefined;
    if (next) await pass(next.value).catch(() => {});
    timer = open && next ? setTimeout(send, betweenMs) : undefined;
  };
  return {
    tell(value) {
      waiting = { value };
      timer ??= setTimeout(send, 0);
    },
    [Symbol.dispose]() {
      open = false;
      clearTimeout(timer);
    },
  };
}
