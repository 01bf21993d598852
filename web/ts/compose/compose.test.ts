import { describe, expect, it } from "vitest";
import { choices, marked } from "./covers";
import { fill } from "./draft";
import { looksLikePhoto, moved } from "./photos";
import { splitTags } from "./tags";
import { isPassing, looksLikeVideo, told } from "./video";

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
  it("are known by type or, for phones that give none, by name", () => {
    expect(looksLikePhoto("IMG_1.HEIC", "")).toBe(true);
    expect(looksLikePhoto("x", "image/webp")).toBe(true);
    expect(looksLikePhoto("notes.txt", "text/plain")).toBe(false);
  });
});

describe("the video", () => {
  it("is known by type or name", () => {
    expect(looksLikeVideo("IMG_2041.MOV", "")).toBe(true);
    for (const name of ["tape.dv", "MOV001.MOD", "VTS_01_1.VOB", "00001.MTS", "clip.asf", "D1.3G2"])
      expect(looksLikeVideo(name, "")).toBe(true);
    expect(looksLikeVideo("list.m3u8", "application/vnd.apple.mpegurl")).toBe(false);
  });
  it("is tried again when the network or the server stumbles, not when it is refused", () => {
    for (const status of [undefined, 0, 409, 423, 460, 500, 503])
      expect(isPassing(status)).toBe(true);
    for (const status of [400, 401, 403, 404, 410, 413, 415, 429])
      expect(isPassing(status)).toBe(false);
  });
  it("is refused in the server's own words", () => {
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
