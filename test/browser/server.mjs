import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

const program = process.env.AUTHTICKETS_PROGRAM || fileURLToPath(new URL("../../bin/authtickets", import.meta.url));
const lifetimes = ["--access-lifetime=5s", "--reuse-window=3s"];

// One server, with its own data folder and the sample customers. It keeps its port when it is
// started again.
export class Server {
  #data = mkdtempSync(join(tmpdir(), "authtickets-browser-"));
  #child;
  #log = "";
  port = 0;

  async start() {
    const flags = ["--demo", `--listen=127.0.0.1:${this.port}`, "--shutdown-delay=0s", `--data=${this.#data}`];
    const child = spawn(program, ["serve", ...flags, ...lifetimes], { env: {}, stdio: ["ignore", "pipe", "pipe"] });
    this.#child = child;
    servers.add(this);
    child.stderr.setEncoding("utf8").on("data", (more) => (this.#log += more));

    this.port = await new Promise((resolve, reject) => {
      child.once("error", reject);
      child.once("close", () => reject(new Error(`the server did not start: ${this.#log}`)));
      createInterface(child.stdout).on("line", (line) => {
        const [, uri] = line.match(/GraphQL at (\S+)/) ?? [];
        if (uri) resolve(Number(new URL(uri).port));
      });
    });
  }

  // Ends the program at once, like a crash.
  async kill() {
    await this.#end("SIGKILL");
  }

  async restart() {
    await this.#end("SIGTERM");
    await this.start();
  }

  async #end(signal) {
    const closed = once(this.#child, "close");
    this.#child.kill(signal);
    await closed;
  }

  // Makes keys that are used after this many seconds. The program requires at least 15.
  rotateKeys(seconds) {
    const flags = [`--delay=${seconds}s`, `--data=${this.#data}`];
    execFileSync(program, ["keys", "rotate", ...flags], { env: {}, stdio: "pipe" });
  }

  remove() {
    this.#child?.kill("SIGKILL");
    servers.delete(this);
    rmSync(this.#data, { recursive: true, maxRetries: 3 }); // the program may still be dying
  }
}

const servers = new Set();
process.once("exit", () => {
  for (const server of servers) server.remove();
});
