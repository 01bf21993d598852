/**
 * Keeps the screen on while a film is being sent: a phone that sleeps stops the page, and the sending with it. Best effort: where a browser has no
 * wake lock or refuses it (battery saver), the upload goes on later.
 */

/** A wait for the network is bridged for so long, a tunnel or a lift; after that the battery matters more. */
const bridgeMs = 120_000;

export class ScreenLock {
  private wanted = false;
  private held: WakeLockSentinel | null = null;
  private asking = false;
  private timer = 0;

  constructor(
    /** Browsers have none on plain HTTP. */
    private readonly wakeLock: WakeLock | undefined,
    private readonly page: Document,
  ) {
    // The browser takes it away from a page that is out of sight.
    page.addEventListener("visibilitychange", () => void this.settle());
  }

  hold(): void {
    clearTimeout(this.timer);
    this.timer = 0;
    this.wanted = true;
    void this.settle();
  }

  /** Not needed just now, but perhaps again soon. */
  bridge(): void {
    if (this.wanted && !this.timer) this.timer = setTimeout(() => this.release(), bridgeMs);
  }

  release(): void {
    clearTimeout(this.timer);
    this.timer = 0;
    this.wanted = false;
    void this.settle();
  }

  private async settle(): Promise<void> {
    if (!this.wakeLock || this.asking) return;
    if (!this.wanted) {
      const held = this.held;
      this.held = null;
      await held?.release();
      return;
    }
    if ((this.held && !this.held.released) || this.page.visibilityState !== "visible") return;
    this.asking = true;
    try {
      this.held = await this.wakeLock.request("screen");
    } catch {
      // Refused.
    } finally {
      this.asking = false;
    }
    // It may have ended while we asked.
    if (!this.wanted) await this.settle();
  }
}
