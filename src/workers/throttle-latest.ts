/**
 * Passes on the latest of many values, one at a time and at most every `betweenMs` milliseconds. Failures are ignored:
 * the next value follows.
 */
export function throttleLatest<Value>(
  betweenMs: number,
  pass: (value: Value) => Promise<unknown>,
): { push: (value: Value) => void } & Disposable {
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
    push(value) {
      waiting = { value };
      timer ??= setTimeout(send, 0);
    },
    [Symbol.dispose]() {
      open = false;
      clearTimeout(timer);
    },
  };
}
