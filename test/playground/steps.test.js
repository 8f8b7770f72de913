// Follows the steps of docs/playground.md in order.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

import { server } from "../clients/server.js";
import { open, reads } from "./page.js";

const guide = readFileSync(new URL("../../docs/playground.md", import.meta.url), "utf8");

const demo = server();

test("the steps of docs/playground.md", async (t) => {
  const p = await open(t, demo);
  let guest, refreshed;

  await t.test("name the existing tabs", async () => {
    const section = guide.split("## The steps")[1].split("\n## ")[0];
    const named = new Set([...section.matchAll(/\*\*(\w+)\*\*/g)].map(([, name]) => name));
    assert.deepEqual([...named], await p.page.getByRole("tab").allInnerTexts());
    await reads(p.strip, "Nobody yet");
  });

  await t.test("1. AnonymousTicket", async () => {
    guest = (await p.run("AnonymousTicket")).data.anonymousShopperTicket;
    assert.match(guest.refreshToken, /^\w+$/);
    await reads(p.strip, /guest [0-9a-f]{8}/);
    await reads(p.strip, /(900|89\d) s left/);
  });

  await t.test("2. SignIn, twice", async () => {
    await p.show("SignIn");
    await reads(p.lesson, `previousRefreshToken = the guest's refresh token, …${guest.refreshToken.slice(-6)}`);
    const first = (await p.run("SignIn")).data.createUserTicket;
    assert.equal(first.claimedAnonymousUserId, guest.userId);
    assert.equal(first.customerAccount.userName, "demo");
    await reads(p.strip, "demo");
    await reads(p.lesson, `deviceToken = the last customer's refresh token, …${first.refreshToken.slice(-6)}`);
    assert.equal((await p.runHere()).data.createUserTicket.claim, "NOTHING_TO_CLAIM");
  });

  await t.test("3. Refresh, and the last token again at once", async () => {
    refreshed = (await p.run("Refresh")).data.refreshTicket;
    await reads(p.lesson, /gives the same ticket for \d+ s/);
    const again = await p.answerTo(() => p.press("Use the last token again"));
    assert.deepEqual(again.data.refreshTicket, { ...refreshed, refreshAfter: again.data.refreshTicket.refreshAfter });
  });

  await t.test("4. CurrentShopper", async () => {
    const shopper = (await p.run("CurrentShopper")).data.currentShopper;
    assert.equal(shopper.customerAccount.userName, "demo");
  });

  await t.test("5. Sessions, on one device and on two", async () => {
    assert.equal((await p.run("Sessions")).data.currentShopper.sessions.length, 1);
    await p.show("SignIn");
    await p.press("demo on another device");
    assert.equal((await p.runHere()).data.createUserTicket.customerAccount.userName, "demo");
    assert.equal((await p.run("Sessions")).data.currentShopper.sessions.length, 2);
  });

  await t.test("6. EndSession", async () => {
    assert.equal((await p.run("EndSession")).data.endSession.sessionsEnded, 1);
    await reads(p.lesson, "sessionId cannot be filled in: first run Sessions, with the customer on two devices");
    const { sessions } = (await p.run("Sessions")).data.currentShopper;
    assert.deepEqual(sessions.map((session) => session.isCurrent), [true]);
  });

  await t.test("7. FailsOnPurpose", async () => {
    const [error] = (await p.run("FailsOnPurpose")).errors;
    assert.equal(error.extensions.reason, "TOKEN_INVALID");
    await reads(p.problem, "TOKEN_INVALID");
    await reads(p.problem.locator(".present"), "SIGN_IN");
    for (const step of ["REFRESH", "WAIT", "FIX_INPUT"]) await reads(p.problem, step);
    assert.doesNotMatch(await p.strip.innerText(), /session over/); // the token belongs to nobody

    await p.press("a bad attempt");
    assert.equal((await p.runHere()).errors[0].extensions.reason, "ATTEMPT_INVALID");
    await reads(p.problem.locator(".present"), "FIX_INPUT");
  });

  await t.test("8. SignOut, and Refresh again", async () => {
    assert.equal((await p.run("SignOut")).data.revokeTicket.sessionsEnded, 1);
    await reads(p.strip, "session over: SIGNED_OUT");
    assert.equal((await p.run("Refresh")).errors[0].extensions.reason, "SIGNED_OUT");
    await reads(p.problem, "SIGNED_OUT");
  });

  await t.test("9. a stolen token", async () => {
    await p.run("SignIn");
    assert.ok((await p.run("Refresh")).data.refreshTicket.refreshToken);
    await p.page.getByText("used up, ends the session").waitFor({ timeout: 40_000 });
    const again = await p.answerTo(() => p.press("Use the last token again"));
    assert.equal(again.errors[0].extensions.reason, "TOKEN_REUSED");
    await reads(p.problem, "TOKEN_REUSED");
    await reads(p.strip, "session over: TOKEN_REUSED");
    assert.equal((await p.run("Refresh")).errors[0].extensions.reason, "TOKEN_REUSED");
  });
});
