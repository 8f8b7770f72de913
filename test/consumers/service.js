import { spawn } from "node:child_process";
import { createServer } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";

// Returns a port that nobody listens on.
export async function freePort() {
  const server = createServer();
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address();
  await new Promise((resolve) => server.close(resolve));
  return port;
}

const running = new Set();
process.once("exit", () => running.forEach((child) => child.kill("SIGKILL")));

// Starts a program in a folder, and returns when it listens on its port. stop ends it.
export async function service(folder, command, environment, port) {
  const [program, ...flags] = command;
  const env = { ...process.env, ...environment, PORT: String(port) };
  const child = spawn(program, flags, { cwd: folder, env, stdio: ["ignore", "ignore", "pipe"] });
  running.add(child);
  let log = "";
  child.stderr.setEncoding("utf8").on("data", (more) => (log += more));
  const ended = new Promise((resolve) => child.once("close", resolve));
  const address = `127.0.0.1:${port}`;
  const url = `http://${address}`;
  for (let tries = 0; ; tries++) {
    try {
      await fetch(url);
      break;
    } catch (error) {
      if (tries > 200 || child.exitCode !== null) {
        child.kill("SIGKILL");
        throw new Error(`${command.join(" ")} does not answer: ${log}`, { cause: error });
      }
      await sleep(50);
    }
  }
  return {
    address,
    url,
    async stop() {
      child.kill("SIGTERM");
      await ended;
      running.delete(child);
    },
  };
}
