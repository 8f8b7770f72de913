import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { after, before } from "node:test";
import { fileURLToPath } from "node:url";

const program = process.env.AUTHTICKETS_PROGRAM || fileURLToPath(new URL("../../bin/authtickets", import.meta.url));

// Starts a server with the sample customers, for the tests of the suite that calls this. Its uri is
// set when they run. Its operate runs a command of the program on its database, with a text for the
// standard input.
export function server(...flags) {
  const data = mkdtempSync(join(tmpdir(), "authtickets-clients-"));
  const operate = (input, ...command) =>
    execFileSync(program, [...command, `--data=${data}`], { env: {}, input, stdio: "pipe" });
  const server = { operate };
  const common = ["serve", "--demo", "--listen=127.0.0.1:0", "--shutdown-delay=0s", `--data=${data}`];
  let child;
  let ended;
  let log = "";

  process.once("exit", () => {
    child?.kill("SIGKILL");
    rmSync(data, { recursive: true, maxRetries: 3 }); // the server may still be dying
  });

  before(async () => {
    child = spawn(program, [...common, ...flags], { env: {}, stdio: ["ignore", "pipe", "pipe"] });
    child.stderr.setEncoding("utf8").on("data", (more) => (log += more));
    ended = new Promise((resolve) => child.once("close", (code, signal) => resolve(signal ?? code)));
    server.uri = await new Promise((resolve, reject) => {
      child.once("error", reject);
      child.once("close", () => reject(new Error(`the server did not start: ${log}`)));
      createInterface(child.stdout).on("line", (line) => {
        const [, uri] = line.match(/GraphQL at (\S+)/) ?? [];
        if (uri) resolve(uri);
      });
    });
  });

  after(async () => {
    child.kill("SIGTERM");
    assert.equal(await ended, 0, `the server did not end well: ${log}`);
  });

  return server;
}

// An interrupted run exits normally, so that its servers are killed, even if the signal comes
// twice.
for (const signal of ["SIGHUP", "SIGINT", "SIGTERM"]) process.on(signal, () => process.exit(1));
process.stdout.once("error", () => process.exit(1));
