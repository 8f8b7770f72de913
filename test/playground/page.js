import assert from "node:assert/strict";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { after, before } from "node:test";

import { chromium } from "playwright-core";

const executablePath = process.env.CHROMIUM || "/usr/bin/chromium";
const args = [
  "--headless",
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

let browser;
before(async () => (browser = await chromium.launch({ executablePath, args })));
after(() => browser?.close());

// Opens the playground of a server as a new visitor. When the test ends, it fails if a request went
// to another host, or if the page violated its content security policy.
export async function open(t, server, options) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, ...options });
  const origin = new URL(server.uri).origin;
  const faults = [];
  context.on("request", (request) => {
    const url = request.url();
    if (!url.startsWith(`${origin}/`) && !url.startsWith("data:")) faults.push(`asked ${url}`);
  });
  context.on("weberror", (error) => faults.push(String(error.error())));
  context.on("console", (message) => message.type() === "error" && faults.push(message.text()));
  await context.addInitScript(() => {
    document.addEventListener("securitypolicyviolation", ({ violatedDirective }) => {
      console.error(`violates ${violatedDirective}`);
    });
  });
  t.after(async () => {
    await context.close();
    assert.deepEqual(faults, []);
  });
  return playground(context, origin);
}

// Opens the playground in a new tab of the browser.
export async function playground(context, origin) {
  const page = await context.newPage();
  await page.goto(`${origin}/`);
  await page.locator(".graphiql-execute-button").waitFor();

  const strip = page.locator("#strip");
  const lesson = page.locator("#lesson");
  const tab = (name) => page.getByRole("tab", { name: new RegExp(`^${name}( Close Tab)?$`) });
  const button = (name) => page.getByRole("button", { name, exact: true });

  // Presses a button that runs the visible tab, and returns the answer.
  const answerTo = async (press) => {
    const response = page.waitForResponse((response) => response.url().endsWith("/graphql"));
    await press();
    const answer = await (await response).json();
    await page.waitForFunction(() => !document.querySelector(".graphiql-spinner"));
    return answer;
  };
  const show = async (name) => {
    await tab(name).click();
    await page.waitForTimeout(300); // GraphiQL notices the visible operation 100 ms later
  };

  const runHere = () => answerTo(() => page.locator(".graphiql-execute-button").click());

  return {
    context,
    origin,
    page,
    strip,
    lesson,
    tab,
    button,
    show,
    answerTo,
    press: (name) => button(name).click(),
    runHere,
    run: async (name) => {
      await show(name);
      return runHere();
    },
    problem: page.getByRole("alert", { name: "Error" }),
    width: () => page.evaluate(() => document.documentElement.scrollWidth),
    shoot: async (name) => {
      const folder = process.env.SHOTS;
      if (!folder) return;
      mkdirSync(folder, { recursive: true });
      await page.screenshot({ path: join(folder, `playground-${name}.png`) });
    },
  };
}

// Waits until a text appears.
export const reads = (locator, text) => locator.filter({ hasText: text }).waitFor({ timeout: 10_000 });
