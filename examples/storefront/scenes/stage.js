// What the scenes play on: the server, whose tickets live five seconds here, the cart service, the
// built page, and Chromium. A device is a browser of its own; its tabs share what a browser keeps.

import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { chromium } from "playwright-core";
import { build, preview } from "vite";

const root = fileURLToPath(new URL("..", import.meta.url));
const program = process.env.AUTHTICKETS_PROGRAM || join(root, "../../bin/authtickets");
const data = mkdtempSync(join(tmpdir(), "authtickets-storefront-"));
const listen = "--listen=127.0.0.1:0";
const endings = [];

export const password = "correct horse battery staple";
export const shop = {}; // page, tickets and carts: the addresses of each

export async function start() {
  const flags = ["--demo", "--faults", "--access-lifetime=5s", "--reuse-window=3s", `--data=${data}`];
  shop.tickets = await run(program, ["serve", listen, ...flags], /GraphQL at (\S+)\/graphql/);
  const cart = join(root, "build/cart");
  shop.carts = `http://${await run(cart, [listen, `--issuer=${shop.tickets}`], /address=(\S+)/)}`;

  process.env.TICKETS = shop.tickets;
  process.env.CARTS = shop.carts;
  await build({ root, logLevel: "error" });
  const server = await preview({ root, logLevel: "silent", preview: { host: "127.0.0.1" } });
  endings.push(() => server.close());
  [shop.page] = server.resolvedUrls.local;

  const args = ["--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"];
  const executablePath = process.env.CHROMIUM || "/usr/bin/chromium";
  shop.browser = await chromium.launch({ executablePath, args: [...args, "--no-sandbox"] });
  endings.push(() => shop.browser.close());
}

export async function stop() {
  for (const end of endings.reverse()) await end();
  rmSync(data, { recursive: true });
}

// Starts a program, and returns what the pattern finds in what it prints.
function run(command, args, pattern) {
  const child = spawn(command, args, { env: {}, stdio: ["ignore", "pipe", "pipe"] });
  const closed = new Promise((resolve) => child.once("close", resolve));
  process.once("exit", () => child.kill("SIGKILL"));
  endings.push(() => (child.kill(), closed));

  return new Promise((resolve, reject) => {
    let log = "";
    const hear = (line) => {
      log += `${line}\n`;
      const found = line.match(pattern);
      if (found) resolve(found[1]);
    };
    createInterface(child.stdout).on("line", hear);
    createInterface(child.stderr).on("line", hear);
    child.once("error", reject);
    child.once("close", () => reject(new Error(`${command} did not start: ${log}`)));
  });
}

// Runs a command of the server's program, as its operator does.
export function operate(input, ...command) {
  return execFileSync(program, [...command, `--data=${data}`], { env: {}, input, stdio: "pipe" });
}

// Each scene has a customer of its own, so that no scene finds another one's products in the cart.
export function createCustomer(name) {
  operate(`${password}\n`, "account", "create", name.toLowerCase(), `--first-name=${name}`);
}

export async function device(t, options = {}) {
  const context = await shop.browser.newContext(options);
  context.setDefaultTimeout(20_000);
  t.after(() => context.close());
  return context;
}

export async function openTab(context, hash = "#/") {
  const page = await context.newPage();
  await page.goto(shop.page + hash);
  await page.getByRole("button", { name: "Add Sencha" }).or(page.getByRole("heading", { level: 1 })).first().waitFor();
  return page;
}

export async function visit(page, name) {
  await page.getByRole("banner").getByRole("link", { name }).click();
}

export async function signIn(page, name) {
  await visit(page, "Sign in");
  await page.getByLabel("Name or e-mail address").fill(name.toLowerCase());
  await page.getByLabel("Password").fill(password);
  await page.getByRole("button", { name: "Sign in" }).click();
  await seeCustomer(page, name);
}

export async function add(page, product) {
  await visit(page, "Tea");
  await page.getByRole("button", { name: `Add ${product}` }).click();
}

export const seeCustomer = (page, name) => page.getByRole("link", { name, exact: true }).waitFor();

export const seeGuest = (page) => page.getByRole("link", { name: "Sign in", exact: true }).waitFor();

export const see = (page, text) => page.getByText(text).first().waitFor();

export const seeCount = (page, count) => page.getByRole("link", { name: `Cart ${count}`, exact: true }).waitFor();

export async function linesOf(page) {
  await visit(page, "Cart");
  const lines = page.locator(".lines li");
  await page.getByText("Total").waitFor();
  return lines.evaluateAll((items) =>
    items.map((item) => `${item.querySelector(".name").textContent} ${item.querySelector("output").textContent}`),
  );
}

// Adds faults of docs/faults.md to the requests of a page that have a text in their body.
export async function addFaults(page, text, faults) {
  await page.route("**/graphql", (route) => {
    const request = route.request();
    if (!request.postData()?.includes(text)) return route.fallback();
    return route.continue({ headers: { ...request.headers(), "x-fault": faults } });
  });
}

// Lets a service do its work, and loses the first answer. Returns all requests.
export async function loseAnswer(context, url) {
  const requests = [];
  await context.route(url, async (route) => {
    if (requests.push(route.request()) > 1) return route.fallback();
    await route.fetch();
    await route.abort("connectionreset");
  });
  return requests;
}

export const sleep = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));

// Sends a request as from a terminal, with any token.
export async function terminal(url, { token, method = "GET", body } = {}) {
  const headers = { "content-type": "application/json", ...(token && { authorization: `Bearer ${token}` }) };
  const response = await fetch(url, { method, headers, body: body && JSON.stringify(body) });
  return { status: response.status, ...(await response.json()) };
}

export async function eventually(check) {
  const deadline = Date.now() + 20_000;
  for (;;) {
    try {
      return await check();
    } catch (error) {
      if (!(error instanceof assert.AssertionError) || Date.now() > deadline) throw error;
      await sleep(50);
    }
  }
}
