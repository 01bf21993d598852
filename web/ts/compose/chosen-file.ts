/**
 * A file that somebody chose: whether it can still be read, what it seems to be, and what tells it from another.
 *
 * A `File` is a promise of bytes, not the bytes. What Drive or Photos hands over may be gone a minute later, and a browser refuses
 * to read one that changed on the disk. Sent as it is, such a file fails exactly like a network that is down; so whatever is sent
 * is read first.
 */

/** Its bytes are not to be had (any more): only choosing it again helps. */
export class Unreadable extends Error {}

/** Bytes `start` to `end` (not included) of `file`, in memory. */
export async function read(file: Blob, start: number, end: number): Promise<ArrayBuffer> {
  let bytes: ArrayBuffer;
  try {
    bytes = await file.slice(start, end).arrayBuffer();
  } catch (cause) {
    throw new Unreadable("the file can't be read", { cause });
  }
  if (bytes.byteLength !== Math.min(end, file.size) - start) {
    throw new Unreadable("the file is shorter than it was");
  }
  return bytes;
}

const sampleBytes = 64 * 1024;

/**
 * What tells one file from another: its name, its size, and a checksum of its beginning and end, where films keep what they are.
 * Not its date: what comes from a cloud again is as old as its download.
 */
export async function markOf(file: File): Promise<string> {
  const end = Math.max(sampleBytes, file.size - sampleBytes);
  const samples = [await read(file, 0, sampleBytes)];
  if (end < file.size) samples.push(await read(file, end, file.size));
  return [file.name, file.size, checksum(samples)].join("-");
}

/** FNV-1a. `crypto.subtle` is not there on the plain HTTP of a test in the same house. */
function checksum(samples: readonly ArrayBuffer[]): string {
  let hash = 0x811c9dc5;
  for (const sample of samples) {
    for (const byte of new Uint8Array(sample)) hash = Math.imul(hash ^ byte, 0x01000193);
  }
  return (hash >>> 0).toString(16).padStart(8, "0");
}

export type Kind = "film" | "photo" | "document" | "unknown";

/** How much of a file [`kindOf`] wants. */
export const kindBytes = 64;

const starts: readonly [Kind, string][] = [
  ["photo", "\xff\xd8\xff"],
  ["photo", "\x89PNG\r\n\x1a\n"],
  ["photo", "GIF8"],
  ["photo", "\xff\x0a"], // JPEG XL, naked and in boxes
  ["photo", "\x00\x00\x00\x0cJXL \r\n\x87\n"],
  ["film", "\x1a\x45\xdf\xa3"], // Matroska, WebM
  ["film", "\x00\x00\x01\xba"], // MPEG-PS
  ["film", "OggS"],
  ["film", "\x30\x26\xb2\x75\x8e\x66\xcf\x11"], // ASF
  ["document", "%PDF-"],
  ["document", "PK\x03\x04"],
  ["document", "#EXTM3U"],
];
const stillBrands = ["heic", "heix", "heim", "heis", "mif1", "mif2", "miaf", "avif"];
const filmBrands = /^(isom|iso[2-9]|mp4[12]|avc1|hvc1|qt {2}|M4V|3g[p2r]|MSNV|XAVC|dash)/;

/**
 * What a file seems to be by its first bytes, for an early word about one that was put in the wrong place. Names and types say nothing: phones
 * hand over `1000012345` of type `application/octet-stream`. Only the server decides.
 */
export function kindOf(bytes: ArrayBuffer): Kind {
  const text = String.fromCharCode(...new Uint8Array(bytes).subarray(0, kindBytes));
  const found = starts.find(([, start]) => text.startsWith(start));
  if (found) return found[0];
  if (text.startsWith("RIFF")) {
    if (text.startsWith("WEBP", 8)) return "photo";
    return text.startsWith("AVI ", 8) ? "film" : "unknown";
  }
  // ISO media: major brand, version, compatible brands. A burst is a little of both, and whatever is new to us may be either.
  if (text.startsWith("ftyp", 4)) {
    const major = text.slice(8, 12);
    if (stillBrands.includes(major)) return "photo";
    const isStillToo = stillBrands.some((brand) => text.includes(brand, 16));
    return filmBrands.test(major) && !isStillToo ? "film" : "unknown";
  }
  return "unknown";
}
