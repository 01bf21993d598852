/** Noticing that somebody is back, perhaps logged in again in another tab. */

/** Also without any sign: two windows side by side need none. */
const lookMs = 10_000;

/** Calls `act` whenever somebody may be back, until the function it gives is called. */
export function whenBack(act: () => void): () => void {
  const look = () => {
    if (document.visibilityState === "visible") act();
  };
  const timer = setInterval(act, lookMs);
  addEventListener("focus", look);
  addEventListener("pageshow", look);
  document.addEventListener("visibilitychange", look);
  return () => {
    clearInterval(timer);
    removeEventListener("focus", look);
    removeEventListener("pageshow", look);
    document.removeEventListener("visibilitychange", look);
  };
}

/** Settles when somebody may be back. */
export function back(): Promise<void> {
  return new Promise((resolve) => {
    const stop = whenBack(() => {
      stop();
      resolve();
    });
  });
}
