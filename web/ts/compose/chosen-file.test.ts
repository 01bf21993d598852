import { describe, expect, it } from "vitest";
import { kindBytes, kindOf, markOf, read, Unreadable } from "./chosen-file";

function start(text: string): ArrayBuffer {
  return Uint8Array.from(text, (char) => char.charCodeAt(0)).buffer;
}

describe("what a file is", () => {
  it("is told by its first bytes, not by its name or type", () => {
    const kinds: [string, ReturnType<typeof kindOf>][] = [
      ["\0\0\0\x20ftypisom\0\0\x02\0isomiso2", "film"],
      ["\0\0\0\x14ftypqt  \0\0\0\0qt  ", "film"],
      ["\0\0\0\x18ftyp3gp4\0\0\0\0", "film"],
      ["\x1a\x45\xdf\xa3\x9fB\x86", "film"],
      ["RIFF\x10\0\0\0AVI LIST", "film"],
      ["\0\0\x01\xba\x44", "film"],
      ["\xff\xd8\xff\xe0", "photo"],
      ["\x89PNG\r\n\x1a\n", "photo"],
      ["GIF89a", "photo"],
      ["\xff\x0a\x7f", "photo"],
      ["\0\0\0\x0cJXL \r\n\x87\n\0\0\0\x14ftypjxl ", "photo"],
      ["RIFF\x10\0\0\0WEBPVP8 ", "photo"],
      ["\0\0\0\x24ftypheic\0\0\0\0mif1heic", "photo"],
      ["\0\0\0\x1cftypavif\0\0\0\0avifmif1", "photo"],
      ["%PDF-1.7", "document"],
      ["PK\x03\x04", "document"],
      ["#EXTM3U\n", "document"],
      // A burst, and a brand of tomorrow.
      ["\0\0\0\x1cftypmsf1\0\0\0\0msf1heic", "unknown"],
      ["\0\0\0\x1cftypisom\0\0\0\0isommif1", "unknown"],
      ["\0\0\0\x14ftypabcd\0\0\0\0abcd", "unknown"],
      // MPEG-TS, or anything: the server knows.
      ["\x47\x40\x11\x10", "unknown"],
      ["", "unknown"],
    ];
    for (const [bytes, kind] of kinds) expect(kindOf(start(bytes)), bytes).toBe(kind);
  });
  it("is found however much there is of it", () => {
    expect(kindOf(new ArrayBuffer(10 * kindBytes))).toBe("unknown");
  });
});

describe("the same file", () => {
  const film = (fill: number, size = 300_000) => new Uint8Array(size).fill(fill);
  it("is known again whenever and from wherever it comes", async () => {
    const mark = await markOf(new File([film(1)], "a.mp4", { lastModified: 1, type: "video/mp4" }));
    expect(await markOf(new File([film(1)], "a.mp4", { lastModified: 2 }))).toBe(mark);
  });
  it("is another with another name, size, beginning or end", async () => {
    const end = film(1);
    end[end.length - 1] = 2;
    const marks = await Promise.all(
      [
        new File([film(1)], "a.mp4"),
        new File([film(1)], "b.mp4"),
        new File([film(1, 300_001)], "a.mp4"),
        new File([film(2)], "a.mp4"),
        new File([end], "a.mp4"),
      ].map(markOf),
    );
    expect(new Set(marks).size).toBe(marks.length);
  });
  it("has a mark however small it is", async () => {
    const marks = await Promise.all(
      [0, 1, 65_536, 65_537, 131_072].map((n) => markOf(new File([film(1, n)], "a"))),
    );
    expect(new Set(marks).size).toBe(5);
  });
});

describe("reading", () => {
  it("gives the bytes, up to the end", async () => {
    expect(new Uint8Array(await read(new Blob(["abc"]), 1, 64))).toEqual(new Uint8Array([98, 99]));
  });
  it("that the browser refuses, or that brings less than there was, is told apart from all else", async () => {
    const gone = { size: 3, slice: () => ({ arrayBuffer: () => Promise.reject(new Error()) }) };
    await expect(read(gone as unknown as Blob, 0, 1)).rejects.toThrow(Unreadable);
    const short = { size: 3, slice: () => new Blob(["ab"]) };
    await expect(read(short as unknown as Blob, 0, 3)).rejects.toThrow(Unreadable);
  });
});
