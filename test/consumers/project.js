import { execFile } from "node:child_process";
import { mkdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { delimiter, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const program = process.env.AUTHTICKETS_PROGRAM || fileURLToPath(new URL("../../bin/authtickets", import.meta.url));

// Makes a new folder for files and commands. Programs in it find the packages that are installed
// here.
export function project(name) {
  const folder = fileURLToPath(new URL(`build/${name}`, import.meta.url));
  const bin = join(folder, "bin");
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(bin, { recursive: true });
  symlinkSync(program, join(bin, "authtickets"));

  return {
    folder,
    write(name, text) {
      const file = join(folder, name);
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(file, text);
    },
    // Runs commands, and returns what they print.
    async run(commands, environment) {
      const PATH = bin + delimiter + process.env.PATH;
      const env = { ...process.env, PATH, npm_config_offline: "true", ...environment };
      try {
        const { stdout } = await promisify(execFile)("bash", ["-euc", commands], { cwd: folder, env });
        return stdout;
      } catch (error) {
        throw new Error(`${error.message}\n${error.stdout}`);
      }
    },
  };
}
