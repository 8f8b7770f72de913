import assert from "node:assert/strict";
import { test } from "node:test";

import { server } from "../clients/server.js";
import { open, playground, reads } from "./page.js";

const demo = server();

test("remembers the application in every tab and after a reload", async (t) => {
  const p = await open(t, demo);
  demo.operate("", "application", "create", "till");
  const other = await playground(p.context, p.origin);
  const picker = (page) => page.getByLabel("Application");
  const named = async ({ page, run }) => {
    const request = page.waitForRequest((request) => request.url().endsWith("/graphql"));
    await run("AnonymousTicket");
    return (await request).headers()["x-application"];
  };

  await picker(p.page).fill("till");
  await picker(p.page).press("Enter");
  assert.equal(await named(p), "till");
  await other.page.waitForFunction(() => document.querySelector("#application").value === "till");
  assert.equal(await named(other), "till");
  await p.page.reload();
  await p.page.locator(".graphiql-execute-button").waitFor();
  assert.equal(await picker(p.page).inputValue(), "till");
  assert.equal(await named(p), "till");

  // Each application has a shopper of its own.
  await picker(p.page).fill("storefront");
  await reads(p.strip, "Nobody yet");
  assert.equal(await named(p), "storefront");
  await picker(p.page).fill("");
  await picker(p.page).press("Enter");
  assert.equal(await named(p), undefined);
  await reads(p.problem, /APPLICATION_MISSING[^]*The application is chosen at the top/);
});
