// Runs the measurements that are named, or all, and prints one table. `script/bench` builds first and starts this.

import { measureLikeness } from "./likeness.mjs";
import { measurePages } from "./pages.mjs";
import { closeAll } from "./processes.mjs";
import { measureTranscode } from "./transcode.mjs";
import { measureUpload } from "./upload.mjs";

const measurements = { transcode: measureTranscode, pages: measurePages, upload: measureUpload, likeness: measureLikeness };

const names = process.argv.length > 2 ? process.argv.slice(2) : Object.keys(measurements);
const unknown = names.find((name) => !(name in measurements));
if (unknown) {
  console.error(`bench: ${unknown} is none of ${Object.keys(measurements).join(", ")}`);
  process.exit(2);
}

process.once("SIGINT", () => closeAll().then(() => process.exit(130)));
process.once("SIGTERM", () => closeAll().then(() => process.exit(143)));

const rows = [];
try {
  for (const name of names) rows.push(...(await measurements[name]()));
} finally {
  await closeAll();
}
console.log();
print(["what", "ours", "peer", "ratio", "to reach"], ...rows);

function print(...lines) {
  const widths = lines[0].map((_, column) => Math.max(...lines.map((line) => line[column].length)));
  for (const line of lines) {
    console.log(line.map((cell, column) => (column ? cell.padStart(widths[column]) : cell.padEnd(widths[0]))).join("  "));
  }
}
