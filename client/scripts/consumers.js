// Packs the package, and checks that applications can use it. It checks the types under node16 (ESM
// and CommonJS) and bundler resolution, with Apollo Client 4 and 3. It also runs every entry point.
import { execFileSync } from "node:child_process";
import { copyFileSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const root = join(import.meta.dirname, "..");
const folder = join(root, "consumers", "packed");
const installed = join(folder, "node_modules", "@authtickets", "client");
const run = (command, ...args) => execFileSync(command, args, { cwd: folder, stdio: "pipe", encoding: "utf8" });

rmSync(folder, { recursive: true, force: true });
mkdirSync(installed, { recursive: true });
const packed = JSON.parse(run("npm", "pack", root, "--json", "--ignore-scripts", "--loglevel=error"));
run("tar", "-xzf", packed[0].filename, "-C", installed, "--strip-components=1");

const apollo3 = { paths: { "@apollo/client/*": [join(root, "node_modules", "apollo-client-3", "*")] } };
const ways = {
  "types under node16, as an ES module": ["use.mts", { module: "node16" }],
  "types under node16, as CommonJS": ["use.cts", { module: "node16" }],
  "types for a bundler": ["use.ts", { module: "esnext", moduleResolution: "bundler" }],
  "types with Apollo Client 3": ["use.ts", { module: "esnext", moduleResolution: "bundler", ...apollo3 }],
};

const { exports } = JSON.parse(readFileSync(join(installed, "package.json"), "utf8"));
const entries = Object.keys(exports).filter((entry) => entry !== "./package.json");
const names = entries.map((entry) => join("@authtickets/client", entry));
const programs = {
  "every entry point imported": ["run.mjs", names.map((name) => `await import("${name}");`)],
  "every entry point required": ["run.cjs", names.map((name) => `require("${name}");`)],
};

const checks = [
  ...Object.entries(ways).map(([name, [file, options]]) => [name, () => checkTypes(file, options)]),
  ...Object.entries(programs).map(([name, [file, lines]]) => [name, () => runProgram(file, lines)]),
];

function checkTypes(file, options) {
  copyFileSync(join(root, "consumers", "use.ts"), join(folder, file));
  const compilerOptions = {
    target: "es2022",
    lib: ["es2022", "dom"],
    strict: true,
    noEmit: true,
    skipLibCheck: false,
    types: [],
  };
  const config = { compilerOptions: { ...compilerOptions, ...options }, files: [file] };
  writeFileSync(join(folder, "tsconfig.json"), JSON.stringify(config));
  try {
    run(process.execPath, join(root, "node_modules", "typescript", "bin", "tsc"), "-p", ".");
  } catch (error) {
    // Apollo Client's own dependencies have faults under node16.
    const own = error.stdout.split("\n").filter((line) => line && !line.startsWith("../../node_modules/"));
    if (own.length > 0) throw new Error(own.join("\n"));
  }
}

function runProgram(file, lines) {
  writeFileSync(join(folder, file), lines.join("\n"));
  run(process.execPath, file);
}

for (const [name, check] of checks) {
  try {
    check();
    console.log(`passed ${name}`);
  } catch (error) {
    process.exitCode = 1;
    console.log(`FAILED ${name}\n${error.stderr || error.stack}`);
  }
}
rmSync(folder, { recursive: true });
