// Runs the rows whose names contain one of the arguments, or all rows. After "short", only rows of
// at most half a minute run.
import { chromium } from "playwright-core";

import { naiveClient, packageClient } from "./clients.mjs";
import { comingRows } from "./rows/coming.mjs";
import { leavingRows } from "./rows/leaving.mjs";
import { naiveRows } from "./rows/naive.mjs";
import { networkRows } from "./rows/network.mjs";
import { signingInRows } from "./rows/signing-in.mjs";
import { clockRows, steadyRows } from "./rows/steady.mjs";
import { Stage } from "./stage.mjs";
import { header, judged, line } from "./table.mjs";

const longestShort = 30; // seconds
const mostTabs = 12; // at a time, so that two cores can follow
const mostDelay = 4; // seconds that a row may take longer than planned, with its preparations
const mostRepetitions = 2;
const flags = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"];

const allRows = [
  ...steadyRows,
  ...comingRows,
  ...networkRows,
  ...clockRows,
  ...leavingRows,
  ...signingInRows,
  ...naiveRows,
];
const clients = { package: packageClient, naive: naiveClient };

function chosen(args) {
  const isShort = args[0] === "short";
  const parts = isShort ? args.slice(1) : args;
  return allRows
    .filter(({ seconds }) => !isShort || seconds <= longestShort)
    .filter(({ name }) => parts.length === 0 || parts.some((part) => name.includes(part)));
}

// Runs a row. If it took so long that its numbers say nothing about the client, the row runs again.
// But even a busy machine must not sign a shopper out.
async function run(browser, row) {
  for (let left = mostRepetitions; ; left--) {
    const start = performance.now();
    const result = await runOnce(browser, row);
    if (left < mostRepetitions) result.notes.push("repeated, the machine was busy");
    const wasBusy = performance.now() - start > (row.seconds + mostDelay) * 1000;
    if (result.holds || !wasBusy || result.signedOut.length > 0 || left === 0) return result;
  }
}

// Runs a row once, on a stage of its own.
async function runOnce(browser, row) {
  const client = clients[row.client ?? process.env.CLIENT ?? "package"]();
  const stage = new Stage(browser, client, row.scripts);
  try {
    await stage.open();
    await row.run(stage);
    const result = await stage.finish();
    return judged({ row, ...result, faults: stage.faults, notes: stage.notes });
  } catch (error) {
    return judged({ row, signedOut: [], refreshes: 0, failures: [], faults: [explain(error)], notes: stage.notes });
  } finally {
    await stage.close();
  }
}

// The message, and where in the rows it happened.
function explain({ message, stack }) {
  const [place] = stack.match(/rows\/\S+:\d+:\d+/) ?? [""];
  return `${message.split("\n")[0]} ${place}`;
}

// Runs as many rows at a time as tabs are allowed, the long ones first.
async function runAll(browser, rows, report) {
  const waiting = rows.toSorted((a, b) => b.seconds - a.seconds);
  const running = new Map();
  const tabsRunning = () => [...running.keys()].reduce((sum, { tabs }) => sum + tabs, 0);

  while (waiting.length > 0 || running.size > 0) {
    const next = waiting.findIndex(({ tabs }) => tabsRunning() + tabs <= mostTabs);
    if (next < 0) {
      await Promise.race(running.values());
      continue;
    }
    const [row] = waiting.splice(next, 1);
    running.set(row, run(browser, row).then((result) => (running.delete(row), report(result))));
  }
}

const browser = await chromium.launch({ executablePath: process.env.CHROMIUM || "/usr/bin/chromium", args: flags });
// An interrupted run ends its servers as well.
for (const signal of ["SIGHUP", "SIGINT", "SIGTERM"]) process.on(signal, () => process.exit(1));

const rows = chosen(process.argv.slice(2));
const results = new Map();
let printed = 0;

// Prints each line as soon as the lines above it are printed.
console.log(header);
await runAll(browser, rows, (result) => {
  results.set(result.row, result);
  while (results.has(rows[printed])) console.log(line(results.get(rows[printed++])));
});
await browser.close();

const passed = [...results.values()].filter(({ holds }) => holds).length;
const failed = results.size - passed;
console.log(`browser: ${passed} passed, ${failed} failed`);
process.exitCode = failed === 0 && passed > 0 ? 0 : 1;
