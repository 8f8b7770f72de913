// The nine scenes of docs/browsers.md.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import * as stage from "./stage.js";

const { add, device, eventually, linesOf, openTab, signIn, sleep, terminal, visit } = stage;
const { see, seeCount, seeCustomer, seeGuest } = stage;

// In this time the list of revoked tickets reaches the cart service.
const HEARD = 1_000;

before(stage.start);
after(stage.stop);

test("1. a guest cart survives a reload", async (t) => {
  const browser = await device(t);
  const page = await openTab(browser);
  await add(page, "Sencha");
  await seeCount(page, 1);
  await add(page, "Assam");
  await seeCount(page, 2);

  await page.reload();
  assert.deepEqual(await linesOf(page), ["Assam 1", "Sencha 1"]);
  await seeCount(await openTab(browser), 2);
  await seeCount(await openTab(await device(t)), 0);
});

test("2. a claim merges it once", async (t) => {
  stage.createCustomer("Claire");
  const office = await openTab(await device(t));
  await signIn(office, "Claire");
  await add(office, "Assam");
  await seeCount(office, 1);

  const sofa = await device(t);
  const page = await openTab(sofa);
  await add(page, "Sencha");
  await seeCount(page, 1);
  const claims = await stage.loseAnswer(sofa, "**/cart/claim");
  await signIn(page, "Claire");

  await eventually(() => assert.equal(claims.length, 1, "the answer to the claim was lost"));
  await page.reload();
  await seeCount(page, 2);
  await eventually(() => assert.equal(claims.length, 2, "the claim was reported again"));
  assert.deepEqual(await linesOf(page), ["Assam 1", "Sencha 1"]);
});

test("3. three tabs see a sign-in", async (t) => {
  stage.createCustomer("Tara");
  const browser = await device(t);
  const tabs = [await openTab(browser), await openTab(browser), await openTab(browser, "#/cart")];
  await signIn(tabs[0], "Tara");
  for (const tab of tabs) await seeCustomer(tab, "Tara");

  await visit(tabs[2], "Tara");
  await tabs[2].getByRole("button", { name: "Sign out", exact: true }).click();
  for (const tab of tabs) await seeGuest(tab);
});

test("4. a lost answer signs nobody out", async (t) => {
  stage.createCustomer("Lois");
  const browser = await device(t);
  const page = await openTab(browser);
  await signIn(page, "Lois");

  await stage.addFaults(page, "refreshTicket", "drop");
  const answer = page.waitForResponse((response) => response.request().postData()?.includes("refreshTicket"));
  await sleep(4_500); // then the ticket is due
  await page.reload();
  assert.equal((await answer).status(), 500, "the answer to the refresh was lost, says Vite's proxy");
  await page.close();
  await sleep(4_500); // longer than the reuse window, so only the attempt can help

  const again = await openTab(browser);
  await seeCustomer(again, "Lois");
  await add(again, "Sencha");
  await seeCount(again, 1);
});

for (const [clock, hours] of [["fast", 2], ["slow", -2]]) {
  test(`5. a clock two hours ${clock}, and no network`, async (t) => {
    const name = `Nora${clock}`;
    stage.createCustomer(name);
    const browser = await device(t);
    await browser.addInitScript((ahead) => {
      const { now } = Date;
      Date.now = () => now() + ahead;
    }, hours * 3_600_000);
    const page = await openTab(browser);
    await signIn(page, name);

    await browser.setOffline(true);
    await see(page, "No network. You stay signed in");
    await add(page, "Sencha");
    await sleep(6_000); // longer than the access token lives
    await seeCustomer(page, name);

    await browser.setOffline(false);
    await add(page, "Sencha");
    await eventually(async () => assert.ok((await linesOf(page)).length === 1));
    await seeCustomer(page, name);
  });
}

test("6. the list of sessions ends one of them", async (t) => {
  stage.createCustomer("Sessa");
  const here = await openTab(await device(t));
  const there = await openTab(await device(t));
  await signIn(here, "Sessa");
  await signIn(there, "Sessa");

  await visit(here, "Sessa");
  await see(here, "(here)");
  await here.getByRole("button", { name: "End" }).click();
  await eventually(async () => assert.equal(await here.locator("[data-session]").count(), 1));

  await sleep(HEARD);
  await add(there, "Sencha");
  await see(there, "Signed out because you ended this session from another device.");
  await seeGuest(there);
  await seeCustomer(here, "Sessa");
});

test("7. sign-out everywhere, with the reason in words", async (t) => {
  stage.createCustomer("Evie");
  const here = await openTab(await device(t));
  const there = await openTab(await device(t));
  await signIn(here, "Evie");
  await signIn(there, "Evie");

  await visit(here, "Evie");
  await here.getByRole("button", { name: "Sign out everywhere" }).click();
  await seeGuest(here);

  await sleep(HEARD);
  await add(there, "Sencha");
  await see(there, "Signed out because you signed out on all your devices.");
  await seeGuest(there);
});

test("8. a stolen token, replayed from a terminal", async (t) => {
  stage.createCustomer("Stella");
  const browser = await device(t);
  const page = await openTab(browser);
  const stolen = [];
  page.on("response", async (response) => {
    const { data } = response.url().endsWith("/graphql") ? await response.json().catch(() => ({})) : {};
    if (data?.result?.refreshToken && !data.result.isAnonymous) stolen.push(data.result);
  });
  await signIn(page, "Stella");
  await eventually(() => assert.ok(stolen.length > 0, "the customer's ticket was seen"));
  const [{ refreshToken, jwtAccessToken }] = stolen;

  // Anyone who has the access token can use it, until it expires or its session ends.
  assert.equal((await terminal(`${stage.shop.carts}/cart`, { token: jwtAccessToken })).status, 200);

  // The owner continues, and uses up the refresh token. Three seconds later the thief tries it.
  await eventually(async () => {
    await page.evaluate(() => dispatchEvent(new Event("focus")));
    assert.ok(stolen.length > 1, "the owner has refreshed");
  });
  await sleep(3_500);
  const query = "mutation ($token: String!) { refreshTicket(refreshToken: $token) { userId } }";
  const body = { query, variables: { token: refreshToken } };
  const { errors } = await terminal(`${stage.shop.tickets}/graphql`, { method: "POST", body });
  assert.equal(errors[0].extensions.reason, "TOKEN_REUSED");

  await sleep(HEARD);
  await add(page, "Sencha");
  await see(page, "Signed out because somebody used a copy of your ticket.");
  const last = stolen.at(-1).jwtAccessToken;
  await eventually(async () => assert.equal((await terminal(`${stage.shop.carts}/cart`, { token: last })).status, 401));
});

test("9. a field guarded by a behavior", async (t) => {
  stage.createCustomer("Bea");
  const page = await openTab(await device(t));
  let ticket;
  page.on("response", async (response) => {
    const { data } = response.url().endsWith("/graphql") ? await response.json().catch(() => ({})) : {};
    ticket = data?.result?.jwtAccessToken ?? ticket;
  });
  await signIn(page, "Bea");
  await add(page, "Sencha");
  await visit(page, "Cart");
  await see(page, "the behavior coupons.use");
  assert.equal(await page.getByLabel("Coupon").isDisabled(), true);

  // The service refuses even if the field was enabled by hand, or if the request is from a
  // terminal.
  const asked = { token: ticket, method: "PUT", body: { coupon: "TEA10" } };
  const refused = await terminal(`${stage.shop.carts}/cart/coupon`, asked);
  assert.equal(`${refused.status} ${refused.error}`, "403 insufficient_scope");

  stage.operate("", "application", "update", "storefront", "--behaviors=coupons.use");
  await eventually(async () => {
    await sleep(1_000); // the next ticket has it, once the server knows
    await page.reload();
    await page.getByText("Total").waitFor();
    assert.equal(await page.getByLabel("Coupon").isEnabled(), true);
  });
  await page.getByLabel("Coupon").fill("tea10");
  await page.getByRole("button", { name: "Use" }).click();
  await see(page, "Coupon TEA10");
});
