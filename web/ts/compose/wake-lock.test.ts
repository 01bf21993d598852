import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { ScreenLock } from "./wake-lock";

class Sentinel {
  released = false;
  release(): Promise<void> {
    this.released = true;
    return Promise.resolve();
  }
}

function equipment() {
  const given: Sentinel[] = [];
  const wakeLock = {
    request: () => {
      const sentinel = new Sentinel();
      given.push(sentinel);
      return Promise.resolve(sentinel);
    },
  } as unknown as WakeLock;
  const page = Object.assign(new EventTarget(), { visibilityState: "visible" });
  const held = () => given.filter((sentinel) => !sentinel.released).length;
  const see = (state: "visible" | "hidden") => {
    // As the browser does.
    if (state === "hidden") for (const sentinel of given) sentinel.released = true;
    page.visibilityState = state;
    page.dispatchEvent(new Event("visibilitychange"));
  };
  return { lock: new ScreenLock(wakeLock, page as unknown as Document), given, held, see };
}

/** Lets what was promised happen. */
const settled = () => vi.advanceTimersByTimeAsync(0);

describe("the screen", () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it("stays on while a film is sent, by one lock however often it is asked for", async () => {
    const { lock, given, held } = equipment();
    lock.hold();
    lock.hold();
    await settled();
    lock.hold();
    await settled();
    expect(given.length).toBe(1);
    expect(held()).toBe(1);
    lock.release();
    await settled();
    expect(held()).toBe(0);
  });
  it("is let go also when the sending ended before the lock was given", async () => {
    const { lock, held } = equipment();
    lock.hold();
    lock.release();
    await settled();
    expect(held()).toBe(0);
  });
  it("is asked for again when the page is seen again, and only then", async () => {
    const { lock, given, held, see } = equipment();
    lock.hold();
    await settled();
    see("hidden");
    await settled();
    expect(held()).toBe(0);
    see("visible");
    await settled();
    expect([given.length, held()]).toEqual([2, 1]);
    lock.release();
    see("hidden");
    see("visible");
    await settled();
    expect([given.length, held()]).toEqual([2, 0]);
  });
  it("stays on through a tunnel, and not through an evening without network", async () => {
    const { lock, given, held } = equipment();
    lock.hold();
    await settled();
    lock.bridge();
    await vi.advanceTimersByTimeAsync(60_000);
    lock.hold();
    await vi.advanceTimersByTimeAsync(600_000);
    expect([given.length, held()]).toEqual([1, 1]);
    lock.bridge();
    await vi.advanceTimersByTimeAsync(60_000);
    lock.bridge();
    await vi.advanceTimersByTimeAsync(60_000);
    expect(held()).toBe(0);
  });
  it("is nobody's business where the browser has no lock or refuses it", async () => {
    const page = Object.assign(new EventTarget(), { visibilityState: "visible" });
    const none = new ScreenLock(undefined, page as unknown as Document);
    none.hold();
    none.release();
    const request = vi.fn(() => Promise.reject(new DOMException("low battery")));
    const refusing = { request } as unknown as WakeLock;
    const lock = new ScreenLock(refusing, page as unknown as Document);
    lock.hold();
    await settled();
    lock.release();
    lock.hold();
    await settled();
    expect(request).toHaveBeenCalledTimes(2);
  });
});
