// Child processes with their time and peak memory, servers on spare ports, and a scratch folder; all gone at the end.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";

export const rounds = Number(process.env.MEGURUMI_BENCH_ROUNDS ?? 3);
export const binaries = process.env.MEGURUMI_BENCH_BIN;
export const scratch = mkdtempSync(join(tmpdir(), "megurumi-bench."));

const running = new Set();

export function say(line) {
  console.log(`bench: ${line}`);
}

/** Ends what runs and deletes the scratch folder. */
export async function closeAll() {
  await Promise.all([...running].map((child) => stop(child)));
  rmSync(scratch, { recursive: true, force: true });
}

/**
 * Runs to the end, with the text `input` or the opened `file` as its standard input. Resolves to its output and log, wall and CPU
 * time in seconds and peak memory in bytes, its own children included. `onLine` hears each line of output when it comes.
 */
export async function run(command, args, { input = "", file, onLine } = {}) {
  const report = join(scratch, "time");
  const stdin = file === undefined ? "pipe" : openSync(file);
  const child = spawn("/usr/bin/time", ["-f", "%e %M %U %S", "-o", report, command, ...args], { stdio: [stdin, "pipe", "pipe"] });
  if (stdin === "pipe") child.stdin.end(input);
  else closeSync(stdin);
  running.add(child);
  const chunks = { stdout: [], stderr: [] };
  child.stdout.on("data", (chunk) => chunks.stdout.push(chunk));
  child.stderr.on("data", (chunk) => chunks.stderr.push(chunk));
  if (onLine) createInterface({ input: child.stdout }).on("line", onLine);
  const [code] = await once(child, "close");
  running.delete(child);
  const output = Buffer.concat(chunks.stdout).toString();
  if (code !== 0) {
    throw new Error(`${command} ended with ${code}:\n${Buffer.concat(chunks.stderr)}${output}`);
  }
  const [seconds, kilobytes, user, system] = readFileSync(report, "utf8").trim().split("\n").pop().split(" ").map(Number);
  const log = Buffer.concat(chunks.stderr).toString();
  return { output, log, seconds, cpu: user + system, memory: kilobytes * 1024 };
}

/** Starts a server and waits until `url` answers with 2xx. */
export async function serve(command, args, { url, env = process.env }) {
  const child = spawn(command, args, { stdio: ["ignore", "pipe", "pipe"], env });
  const tail = [];
  for (const stream of [child.stdout, child.stderr]) {
    stream.on("data", (chunk) => {
      tail.push(chunk);
      if (tail.length > 50) tail.shift();
    });
  }
  running.add(child);
  const deadline = Date.now() + 120_000;
  for (;;) {
    if (child.exitCode !== null || Date.now() > deadline) {
      throw new Error(`${command} does not serve ${url}:\n${Buffer.concat(tail)}`);
    }
    const answer = await fetch(url).catch(() => undefined);
    await answer?.body?.cancel();
    if (answer?.ok) return child;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

export async function stop(child) {
  running.delete(child);
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = once(child, "exit");
  child.kill("SIGTERM");
  await gone;
}

/** Resident memory of a process and its children now, in bytes. */
export function residentMemory(pid) {
  const status = readFileSync(`/proc/${pid}/status`, "utf8");
  const own = Number(status.match(/^VmRSS:\s+(\d+)/m)?.[1] ?? 0) * 1024;
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").split(" ").filter(Boolean);
  return children.reduce((sum, child) => sum + residentMemory(child), own);
}

export async function sparePort() {
  const server = createServer();
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address();
  server.close();
  await once(server, "close");
  return port;
}

export function megabytes(bytes) {
  return `${Math.round(bytes / 2 ** 20)} MiB`;
}
