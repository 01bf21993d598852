// Bundles styles and TypeScript islands into dist/: minified, named by content hash, with gzip and
// brotli beside each file, and manifest.json mapping "app.css" to "app-XXXXXXXX.css".
// build.rs embeds the result. Run through script/build-web.
import { createHash } from "node:crypto";
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, extname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";
import { build } from "esbuild";

const here = dirname(fileURLToPath(import.meta.url));
const dist = join(here, "dist");

/** Every file the result depends on, so that an unchanged tree costs a few milliseconds. */
function inputs() {
  const files = ["build.mjs", "package-lock.json"];
  for (const folder of ["styles", "ts", "assets"]) {
    for (const entry of readdirSync(join(here, folder), { recursive: true, withFileTypes: true })) {
      if (entry.isFile()) files.push(join(entry.parentPath, entry.name).slice(here.length + 1));
    }
  }
  return files.sort();
}

function fingerprint(files) {
  const hash = createHash("sha256");
  for (const file of files)
    hash
      .update(file)
      .update("\0")
      .update(readFileSync(join(here, file)));
  return hash.digest("hex");
}

const stampFile = join(dist, ".stamp");
const stamp = fingerprint(inputs());
try {
  if (readFileSync(stampFile, "utf8") === stamp) process.exit(0);
} catch {
  // First build.
}
rmSync(dist, { recursive: true, force: true });
mkdirSync(dist, { recursive: true });

const islands = readdirSync(join(here, "ts"))
  .filter((name) => name.endsWith(".ts") && !name.endsWith(".test.ts") && !name.endsWith(".d.ts"))
  .map((name) => join(here, "ts", name));
const result = await build({
  absWorkingDir: here,
  entryPoints: [join(here, "styles/app.css"), ...islands],
  outdir: dist,
  bundle: true,
  minify: true,
  splitting: true,
  format: "esm",
  target: ["es2022", "chrome111", "firefox115", "safari16.4"],
  entryNames: "[name]-[hash]",
  chunkNames: "chunk-[name]-[hash]",
  charset: "utf8",
  metafile: true,
  legalComments: "none",
  logLevel: "warning",
});

const manifest = {};
for (const [path, output] of Object.entries(result.metafile.outputs)) {
  const name = path.slice("dist/".length);
  if (output.entryPoint) {
    const plain = output.entryPoint.split("/").pop().replace(/\.ts$/, ".js");
    manifest[plain] = name;
  } else {
    manifest[name] = name;
  }
}
for (const name of readdirSync(join(here, "assets"))) {
  let bytes = readFileSync(join(here, "assets", name));
  if (name === "site.webmanifest") {
    // The manifest names the icon, whose name carries its hash.
    bytes = Buffer.from(bytes.toString().replace("favicon.svg", manifest["favicon.svg"]));
  }
  const hash = createHash("sha256").update(bytes).digest("hex").slice(0, 8).toUpperCase();
  const hashed = `${name.slice(0, -extname(name).length)}-${hash}${extname(name)}`;
  writeFileSync(join(dist, hashed), bytes);
  manifest[name] = hashed;
}
for (const name of Object.values(manifest)) {
  const bytes = readFileSync(join(dist, name));
  const encodings = {
    gz: gzipSync(bytes, { level: 9 }),
    br: brotliCompressSync(bytes, { params: { [constants.BROTLI_PARAM_QUALITY]: 11 } }),
  };
  for (const [extension, encoded] of Object.entries(encodings)) {
    if (encoded.length < bytes.length * 0.95)
      writeFileSync(join(dist, `${name}.${extension}`), encoded);
  }
}
writeFileSync(join(dist, "manifest.json"), `${JSON.stringify(manifest, null, 2)}\n`);
writeFileSync(stampFile, stamp);
