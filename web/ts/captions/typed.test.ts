import { describe, expect, it } from "vitest";
import { clock, lineRange, withTime } from "./typed";

/** The text and the cursor, shown as `|`, after a tap at 0:08. */
function tapped(marked: string): string {
  const position = marked.indexOf("|");
  const text = marked.replace("|", "");
  const { from, to, insert, caret } = withTime(text, position, "0:08");
  const edited = text.slice(0, from) + insert + text.slice(to);
  return `${edited.slice(0, caret)}|${edited.slice(caret)}`;
}

describe("the time at one tap", () => {
  it("begins the first line", () => {
    expect(tapped("|")).toBe("0:08 |");
  });
  it("begins a new line below a finished one", () => {
    expect(tapped("0:03 切り|ます")).toBe("0:03 切ります\n0:08 |");
    expect(tapped("0:03 切ります|\n0:20 煮ます")).toBe("0:03 切ります\n0:08 |\n0:20 煮ます");
  });
  it("begins a blank line", () => {
    expect(tapped("0:03 切ります\n|")).toBe("0:03 切ります\n0:08 |");
  });
  it("takes the place of a time that has no words yet", () => {
    expect(tapped("0:03 切ります\n０：０５ |")).toBe("0:03 切ります\n0:08 |");
  });
  it("goes in front of words without one, and on to the next such line", () => {
    expect(tapped("切り|ます\n煮ます\n0:20 さまします")).toBe(
      "0:08 切ります\n|煮ます\n0:20 さまします",
    );
    expect(tapped("切ります\n煮|ます\n0:20 さまします")).toBe(
      "切ります\n0:08 煮ます|\n0:20 さまします",
    );
    expect(tapped("|切ります")).toBe("0:08 切ります|");
  });
});

it("a clock shows tenths where there are any", () => {
  expect([0, 3, 3.449, 62.5, 59.99].map(clock)).toEqual([
    "0:00",
    "0:03",
    "0:03.4",
    "1:02.5",
    "0:59.9",
  ]);
  expect(clock(0.3)).toBe("0:00.3");
});

it("a line is found by its number", () => {
  const text = "一\n二三\n";
  expect(text.slice(...lineRange(text, 2))).toBe("二三");
  expect(text.slice(...lineRange(text, 1))).toBe("一");
  expect(lineRange(text, 99)).toEqual([5, 5]);
});
