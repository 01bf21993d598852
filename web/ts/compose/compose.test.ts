import { describe, expect, it } from "vitest";
import { choices, marked } from "./covers";
import { fill } from "./draft";
import { endingsFor, moved } from "./photos";
import { splitTags } from "./tags";
import { told } from "./told";

describe("tags", () => {
  it("are split at spaces and commas of either script, each once", () => {
    expect(splitTags("離乳食　中期、冷凍できる, 中期")).toEqual(["離乳食", "中期", "冷凍できる"]);
  });
  it("lose a leading number sign and empty pieces", () => {
    expect(splitTags(" #朝 ,, ＃夜 ")).toEqual(["朝", "夜"]);
  });
});

describe("photos", () => {
  it("move one place and stop at the ends", () => {
    expect(moved(["a", "b", "c"], 2, -1)).toEqual(["a", "c", "b"]);
    expect(moved(["a", "b", "c"], 0, 1)).toEqual(["b", "a", "c"]);
    expect(moved(["a", "b"], 0, -1)).toEqual(["a", "b"]);
    expect(moved(["a", "b"], 1, 1)).toEqual(["a", "b"]);
  });
  it("are offered by endings to pickers that do not know them, and to no other", () => {
    expect(endingsFor("Mozilla/5.0 (Windows NT 10.0; Win64; x64) Chrome/156.0")).toContain(".jxl");
    for (const device of ["(Linux; Android 16)", "(iPhone; iOS 26_2)", "(Macintosh; Mac OS X)"]) {
      expect(endingsFor(`Mozilla/5.0 ${device}`)).toEqual([]);
    }
  });
});

describe("a refusal", () => {
  it("is told in the server's own words", () => {
    expect(told('{"message":"大きすぎます"}')).toBe("大きすぎます");
    expect(told("<html>")).toBe("");
    expect(told(undefined)).toBe("");
  });
});

describe("what is seen first", () => {
  const cover = (value: string, chosen = false) => ({ value, url: "", label: "", chosen });
  const covers = [cover("film:v:1"), cover("film:v:2", true), cover("photo:a"), cover("photo:b")];
  it("cannot be a photo that was just taken off the post", () => {
    const values = choices(covers, ["b"]).map(({ value }) => value);
    expect(values).toEqual(["film:v:1", "film:v:2", "photo:b"]);
  });
  it("is not asked where there is one picture only", () => {
    expect(choices([cover("film:v:1"), cover("photo:a")], [])).toEqual([]);
  });
  it("stays as it was chosen here, then as the server has it, then the best", () => {
    expect(marked(covers, "photo:a")).toBe("photo:a");
    expect(marked(covers, "photo:gone")).toBe("film:v:2");
    expect(marked([cover("film:v:1"), cover("photo:a")])).toBe("film:v:1");
    expect(marked([])).toBeUndefined();
  });
});

describe("words with places", () => {
  it("are filled where a value is known", () => {
    expect(fill("{percent}% of {name}", { percent: 42 })).toBe("42% of {name}");
  });
});
