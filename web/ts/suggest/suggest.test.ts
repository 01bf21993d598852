import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { actOf, type Key } from "./keys";
import {
  type Ask,
  readSuggestions,
  type Suggestion,
  Suggestions,
  withFilters,
} from "./suggestions";

const word = (text: string): Suggestion => ({
  kind: "word",
  text,
  href: `/search?q=${encodeURIComponent(text)}`,
});

describe("keys in a search box", () => {
  const press = (key: string, more: Partial<Key> = {}): Key => ({
    key,
    keyCode: 0,
    isComposing: false,
    altKey: false,
    ctrlKey: false,
    metaKey: false,
    shiftKey: false,
    ...more,
  });
  const open = (active: number) => ({ isOpen: true, active, count: 3 });
  const closed = { isOpen: false, active: -1, count: 0 };

  it("go down and up through the options, and by the text from one end to the other", () => {
    const walk = (key: string, from: number) => actOf(press(key), open(from));
    expect([-1, 0, 1, 2].map((from) => walk("ArrowDown", from))).toEqual(
      [0, 1, 2, -1].map((to) => ({ to })),
    );
    expect([-1, 2, 1, 0].map((from) => walk("ArrowUp", from))).toEqual(
      [2, 1, 0, -1].map((to) => ({ to })),
    );
  });
  it("choose the active option, and search for what is typed when there is none", () => {
    expect(actOf(press("Enter"), open(1))).toBe("choose");
    expect(actOf(press("Enter"), open(-1))).toBeUndefined();
    expect(actOf(press("Enter"), closed)).toBeUndefined();
  });
  it("close the list first, and are the browser's when it is closed", () => {
    expect(actOf(press("Escape"), open(1))).toBe("close");
    expect(actOf(press("Escape"), closed)).toBeUndefined();
  });
  it("open a closed list with the arrow that points to it", () => {
    expect(actOf(press("ArrowDown"), closed)).toBe("open");
    expect(actOf(press("ArrowUp"), closed)).toBeUndefined();
  });
  it("belong to the input method while it composes, also where only the code says so", () => {
    for (const key of ["Enter", "ArrowDown", "ArrowUp", "Escape"]) {
      expect(actOf(press(key, { isComposing: true }), open(1))).toBeUndefined();
      expect(actOf(press(key, { keyCode: 229 }), open(1))).toBeUndefined();
    }
  });
  it("stay in the text where they move within it or select it", () => {
    for (const key of ["Home", "End", "ArrowLeft", "ArrowRight", "Tab", "a"])
      expect(actOf(press(key), open(1))).toBeUndefined();
    expect(actOf(press("ArrowUp", { shiftKey: true }), open(1))).toBeUndefined();
    expect(actOf(press("Enter", { ctrlKey: true }), open(1))).toBeUndefined();
  });
});

describe("an answer", () => {
  it("keeps its order and its words as they are, markup too", () => {
    const suggestions = [
      word("離乳食 いつから"),
      { kind: "tag", text: "#手づかみ", href: "/tags/x" },
      { kind: "post", text: "<img src=x onerror=alert(1)>&amp;", href: "/posts/p1" },
    ];
    expect(readSuggestions({ suggestions })).toEqual(suggestions);
  });
  it("loses what leads out of the site or is of another kind", () => {
    const hrefs = ["javascript:alert(1)", "//evil.example", "/\\evil.example", "https://x", "", 7];
    const foreign = hrefs.map((href) => ({ kind: "post", text: "x", href }));
    const others = [{ kind: "person", text: "x", href: "/people/a" }, { kind: "tag" }, null, "x"];
    expect(readSuggestions({ suggestions: [...foreign, ...others] })).toEqual([]);
  });
  it("has at most eight, and none when it is not what was asked for", () => {
    expect(readSuggestions({ suggestions: Array(20).fill(word("あ")) })).toHaveLength(8);
    for (const answer of [null, undefined, [], "x", {}, { suggestions: "x" }])
      expect(readSuggestions(answer)).toEqual([]);
  });
});

describe("a word that is chosen", () => {
  it("is searched for with the filters that are set", () => {
    expect(
      withFilters("/search?q=%E3%81%82", [
        ["q", "あか"],
        ["kind", "recipe"],
        ["age", ""],
        ["region", "宇治"],
      ]),
    ).toBe("/search?q=%E3%81%82&kind=recipe&region=%E5%AE%87%E6%B2%BB");
  });
  it("leads where it says when there is no filter", () => {
    expect(withFilters("/search?q=x", [["q", "y"]])).toBe("/search?q=x");
  });
});

describe("asking", () => {
  beforeEach(() => {
    vi.useFakeTimers();
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  interface Asked {
    text: string;
    signal: AbortSignal;
    answer: (value: unknown) => void;
    fail: (error: Error) => void;
  }

  function begin() {
    const asked: Asked[] = [];
    const shown: string[][] = [];
    const ask: Ask = (text, signal) =>
      new Promise((answer, fail) => asked.push({ text, signal, answer, fail }));
    const suggestions = new Suggestions(ask, (found) => shown.push(found.map(({ text }) => text)));
    const texts = () => asked.map(({ text }) => text);
    const answer = async (place: number, ...words: string[]) => {
      asked[place]?.answer({ suggestions: words.map(word) });
      await vi.advanceTimersByTimeAsync(0);
    };
    const rest = () => vi.advanceTimersByTimeAsync(200);
    return { suggestions, asked, shown, texts, answer, rest };
  }

  it("waits until typing rests", async () => {
    const { suggestions, texts, rest } = begin();
    suggestions.type("r");
    await vi.advanceTimersByTimeAsync(60);
    suggestions.type("り");
    await vi.advanceTimersByTimeAsync(60);
    expect(texts()).toEqual([]);
    await rest();
    expect(texts()).toEqual(["り"]);
  });
  it("asks nothing for nothing, and shows nothing then", async () => {
    const { suggestions, asked, shown, rest } = begin();
    suggestions.type(" 　");
    await rest();
    expect(asked).toEqual([]);
    expect(shown).toEqual([[]]);
  });
  it("ends the older question as soon as something else is typed", async () => {
    const { suggestions, asked, shown, answer, rest } = begin();
    suggestions.type("り");
    await rest();
    suggestions.type("りに");
    expect(asked[0]?.signal.aborted).toBe(true);
    await rest();
    await answer(1, "離乳食");
    asked[0]?.fail(new DOMException("", "AbortError"));
    await rest();
    expect(shown).toEqual([["離乳食"]]);
  });
  it("shows the newest text's answer, whatever comes after it", async () => {
    const { suggestions, shown, answer, rest } = begin();
    suggestions.type("り");
    await rest();
    suggestions.type("りに");
    await rest();
    await answer(1, "離乳食");
    await answer(0, "りんご");
    expect(shown).toEqual([["離乳食"]]);
  });
  it("knows what it has asked before", async () => {
    const { suggestions, shown, texts, answer, rest } = begin();
    suggestions.type("り");
    await rest();
    await answer(0, "離乳食");
    suggestions.type("りx");
    suggestions.type("り");
    await rest();
    expect(texts()).toEqual(["り"]);
    expect(shown).toEqual([["離乳食"], ["離乳食"]]);
  });
  it("forgets the oldest of many", async () => {
    const { suggestions, texts, answer, rest } = begin();
    for (let n = 0; n < 60; n++) {
      suggestions.type(`${n}`);
      await rest();
      await answer(n, `word ${n}`);
    }
    suggestions.type("59");
    await rest();
    expect(texts()).toHaveLength(60);
    suggestions.type("0");
    await rest();
    expect(texts()).toHaveLength(61);
  });
  it("shows nothing after it was stopped, and goes on with the next text", async () => {
    const { suggestions, asked, shown, answer, rest } = begin();
    suggestions.type("り");
    await rest();
    suggestions.stop();
    expect(asked[0]?.signal.aborted).toBe(true);
    await answer(0, "離乳食");
    suggestions.type("よ");
    suggestions.stop();
    await rest();
    expect(shown).toEqual([]);
    suggestions.type("よな");
    await rest();
    await answer(1, "夜泣き");
    expect(shown).toEqual([["夜泣き"]]);
  });
  it("is silent about a failure, and asks again for the same text", async () => {
    const { suggestions, asked, shown, texts, rest } = begin();
    suggestions.type("り");
    await rest();
    asked[0]?.fail(new Error("503"));
    await rest();
    suggestions.type("り");
    await rest();
    expect(shown).toEqual([[]]);
    expect(texts()).toEqual(["り", "り"]);
  });
});
