// One film in one `<video>`: nothing of it is fetched before somebody plays it, and a way that fails is followed by the next.
//
// States: at rest → playing, in one way after the other → failed, and playing again when asked to. Place, speed and whether it was
// playing outlive every change of way.
//
// At rest the element has the playlist as its source: without any, browsers grey their controls out. A touch would have the browser
// fetch it, and finds a MediaSource in its place, which hls.js takes over. Not sooner: over an open one Chromium draws a wheel that turns.

import { type Playing, playByScript } from "./hls";
import type { Says } from "./says";
import { type Failure, type Way, waitOf } from "./ways";

export interface Film {
  /** The playlist's address. */
  hls: string;
  /** The plain MP4's. */
  file: string | undefined;
  /** Told when the playlist was read: how many seconds there are, and whether that is all. */
  onRead: (seconds: number, isWhole: boolean) => void;
}

/** In px: a browser's own controls, in which a click has a meaning of its own. */
const controlsHeight = 80;

/** A tap is certain only when no second one has made it a double tap. */
const tapMs = 400;

export class Playback {
  private state: "at rest" | "playing" | "failed" = "at rest";
  /** Of `ways`. */
  private turn = 0;
  /** Changes with the way: what an earlier one still says is not heard. */
  private run = 0;
  private source: MediaSource | null = null;
  private script: Playing | null = null;
  private wantsToPlay: boolean;
  private place = 0;
  private speed = 1;
  /** Where a new way goes on, until it does. */
  private resumeAt: number | null = null;
  private isWhole = true;
  private isGone = false;
  private stillSince = 0;
  private mark = "";

  constructor(
    private readonly video: HTMLVideoElement,
    private readonly film: Film,
    private readonly ways: Way[],
    private readonly says: Says,
  ) {
    this.wantsToPlay = !video.paused;
    this.listen();
    setInterval(() => this.look(), 1_000);
    if (video.paused && video.readyState === 0) {
      this.rest();
      return;
    }
    // Somebody was faster than this script. What was begun stays if it is one of our ways.
    this.state = "playing";
    this.place = video.currentTime;
    const begun: Way = film.file && video.currentSrc.endsWith(film.file) ? "file" : "native";
    if (ways.includes(begun)) this.turn = ways.indexOf(begun);
    else this.begin();
  }

  private listen(): void {
    const { video } = this;
    video.addEventListener("play", () => {
      this.wantsToPlay = true;
      this.stillSince = performance.now();
      if (this.state !== "playing") this.again();
    });
    video.addEventListener("pause", () => {
      // A browser also pauses what has failed or ended.
      if (!video.error && !video.ended) this.wantsToPlay = false;
    });
    video.addEventListener("timeupdate", () => {
      if (video.readyState > 0 && this.resumeAt === null) this.place = video.currentTime;
    });
    video.addEventListener("ratechange", () => {
      if (video.readyState > 0) this.speed = video.playbackRate;
    });
    video.addEventListener("loadedmetadata", () => {
      if (this.resumeAt === null) return;
      if (Math.abs(video.currentTime - this.resumeAt) > 0.3) video.currentTime = this.resumeAt;
      video.playbackRate = this.speed;
      this.resumeAt = null;
    });
    video.addEventListener("playing", () => {
      if (this.state === "playing") this.says.clear();
    });
    video.addEventListener("error", () => {
      if (this.state === "playing" && video.error) this.next("unreachable");
    });
    video.addEventListener("click", (event) => this.touched(event, 0));
    video.addEventListener("pointerup", (event) => {
      if (event.pointerType === "touch") this.touched(event, tapMs);
    });
    video.addEventListener("keyup", ({ key }) => {
      if (key === " " || key === "Enter") this.playUnlessPlaying(0);
    });
    // Of the page's own scripts: a change of the source would break the promise.
    const play = video.play.bind(video);
    video.play = () => {
      this.ready();
      return play();
    };
    addEventListener("online", () => {
      if (this.state === "failed" && !this.isGone && this.wantsToPlay) this.play();
    });
  }

  private touched(event: MouseEvent, afterMs: number): void {
    if (event.offsetY <= this.video.clientHeight - controlsHeight) this.playUnlessPlaying(afterMs);
  }

  /**
   * Before it knows a film, Chromium takes a touch of the picture for nothing. A browser that takes it for what it is has begun
   * to play by `afterMs`.
   */
  private playUnlessPlaying(afterMs: number): void {
    if (this.state === "playing") return;
    setTimeout(() => {
      if (this.state !== "playing" && this.video.paused) this.play();
    }, afterMs);
  }

  /** A source of which nothing is fetched until it is played. */
  private rest(): void {
    const { video, film } = this;
    // A script that lets go of the element would leave it to them.
    for (const source of video.querySelectorAll("source")) source.remove();
    video.src = this.ways[0] === "file" && film.file ? film.file : film.hls;
  }

  /** It is about to be played. */
  private ready(): void {
    const { video } = this;
    if (this.state === "playing" || this.source || this.ways[0] !== "hls.js") return;
    if (this.state === "at rest") this.place = video.currentTime;
    this.source = new MediaSource();
    video.src = URL.createObjectURL(this.source);
    if (this.place > 0) video.currentTime = this.place;
  }

  /** @param isAtRest the element has the source of the way, and is being played */
  private begin(isAtRest = false): void {
    const { video, film } = this;
    const way = this.ways[this.turn];
    this.state = "playing";
    this.run += 1;
    this.stillSince = performance.now();
    if (isAtRest) this.place = video.currentTime || this.place;
    else this.resumeAt = this.place;
    if (way === "hls.js") {
      void this.beginScript(isAtRest);
    } else if (!way) {
      this.fail();
    } else if (!isAtRest) {
      video.src = (way === "native" ? film.hls : film.file) ?? "";
      if (this.wantsToPlay) this.play();
    }
  }

  private async beginScript(isAtRest: boolean): Promise<void> {
    const { run, video, film } = this;
    const isOver = () => run !== this.run;
    try {
      const source = isAtRest ? this.source : null;
      const script = await playByScript(video, film.hls, this.place, source, {
        failed: (why) => {
          if (!isOver()) this.next(why);
        },
        read: (seconds, isWhole) => {
          if (isOver()) return;
          this.isWhole = isWhole;
          film.onRead(seconds, isWhole);
        },
      });
      if (isOver()) {
        script.stop();
        return;
      }
      this.script = script;
      if (!isAtRest && this.wantsToPlay) this.play();
    } catch {
      // The script itself did not come.
      if (!isOver()) this.next("unreachable");
    }
  }

  private next(why: Failure): void {
    if (why === "gone") this.isGone = true;
    this.stop();
    this.turn += 1;
    if (this.turn >= this.ways.length) {
      this.fail();
      return;
    }
    this.says.show("another");
    this.begin();
  }

  private fail(): void {
    const { video } = this;
    this.state = "failed";
    if (document.fullscreenElement === video) void document.exitFullscreen();
    video.removeAttribute("src");
    video.load();
    if (this.isGone) this.says.show("gone", () => location.reload());
    else this.says.show("failed", () => this.play());
  }

  /** From the first way on. */
  private again(): void {
    const wasAtRest = this.state === "at rest";
    this.turn = 0;
    this.isGone = false;
    this.says.clear();
    const hadNone = this.source === null;
    this.ready();
    if (this.source) {
      this.begin(true);
      if (hadNone) this.play();
    } else {
      this.begin(wasAtRest);
    }
  }

  private stop(): void {
    this.run += 1;
    this.script?.stop();
    this.script = null;
    this.source = null;
  }

  private play(): void {
    this.video.play().catch((error: unknown) => {
      // Only a touch may play, says the browser; the next one does.
      if (error instanceof DOMException && error.name === "NotAllowedError") {
        this.wantsToPlay = false;
      }
    });
  }

  /** Once a second: does what wants to play move? */
  private look(): void {
    const { video } = this;
    if (this.state !== "playing" || !this.wantsToPlay || video.ended) {
      this.stillSince = performance.now();
      return;
    }
    const { buffered } = video;
    const end = buffered.length > 0 ? buffered.end(buffered.length - 1) : 0;
    const mark = `${video.currentTime} ${end} ${this.script?.received()}`;
    if (mark !== this.mark) {
      this.mark = mark;
      this.stillSince = performance.now();
      return;
    }
    const isAtOpenEnd = !this.isWhole && end > 0 && video.currentTime > end - 1;
    const wait = waitOf(performance.now() - this.stillSince, isAtOpenEnd);
    if (wait === "stalled") this.next("unreachable");
    else if (wait !== "nothing") this.says.show(wait);
  }
}
