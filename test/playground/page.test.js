import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { describe, test } from "node:test";

import { server } from "../clients/server.js";
import { open, reads } from "./page.js";

describe("the page", () => {
  const demo = server("--access-lifetime=6s", "--reuse-window=5s");

  test("counts the seconds down, refreshes and signs out", async (t) => {
    const p = await open(t, demo);
    assert.ok(await p.button("Sign out").isDisabled());
    await p.run("SignIn");
    await reads(p.strip, /[1-6] s left/);
    await reads(p.strip, "access token expired: refresh");
    await p.page.waitForTimeout(1500); // the strip says that up to a second early
    assert.equal((await p.run("CurrentShopper")).errors[0].extensions.nextStep, "REFRESH");
    await reads(p.problem, "nextStep REFRESH");

    await p.answerTo(() => p.strip.getByRole("button", { name: "Refresh" }).click());
    await reads(p.strip, /demo[^]*[1-6] s left/);
    await p.answerTo(() => p.press("Sign out"));
    await reads(p.strip, "session over: SIGNED_OUT");
    assert.ok(await p.button("Sign out").isDisabled());
  });

  test("says which tab to run first, and opens it", async (t) => {
    const p = await open(t, demo);
    await p.show("Refresh");
    await reads(p.lesson, "refreshToken cannot be filled in: first run AnonymousTicket or SignIn");
    assert.ok(await p.button("Use the last token again").isDisabled());
    await p.lesson.getByRole("button", { name: "SignIn" }).click();
    assert.equal(await p.tab("SignIn").getAttribute("aria-selected"), "true");
    await reads(p.lesson, "previousRefreshToken stays empty: there is no guest to claim");
    await p.show("CurrentShopper");
    await reads(p.lesson, "authorization cannot be filled in: first run SignIn or AnonymousTicket");
    await p.show("EndSession");
    await reads(p.lesson, "sessionId cannot be filled in: first run Sessions");
  });

  test("offers each sample customer", async (t) => {
    const p = await open(t, demo);
    for (const [preset, outcome] of [["imported", "imported"], ["demo", "demo"], ["locked", "ACCOUNT_LOCKED"]]) {
      await p.show("SignIn");
      await p.press(preset);
      const { data, errors } = await p.runHere();
      assert.equal(data?.createUserTicket.customerAccount.userName ?? errors[0].extensions.reason, outcome);
    }
    await reads(p.problem, "ACCOUNT_LOCKED");
    await reads(p.strip, "demo");
    await p.run("AnonymousTicket");
    assert.equal(await p.problem.count(), 0);
  });

  test("offers no sample customers elsewhere", async (t) => {
    const p = await open(t, demo);
    await p.page.route("**/guide.json", async (route) => {
      const guide = await (await route.fetch()).json();
      await route.fulfill({ json: { ...guide, isDemo: false, applications: [] } });
    });
    await p.page.reload();
    await p.page.locator(".graphiql-execute-button").waitFor();
    assert.equal((await p.run("SignIn")).errors[0].extensions.reason, "USERNAME_INVALID");
    assert.equal(await p.button("imported").count(), 0);
    await reads(p.problem, "FIX_INPUT");
  });

  test("keeps no token in the browser, nor in the URL", async (t) => {
    const p = await open(t, demo);
    await p.run("SignIn");
    const kept = await p.page.evaluate(() =>
      JSON.stringify([{ ...localStorage }, { ...sessionStorage }, document.cookie, location.href]),
    );
    assert.doesNotMatch(kept, /[A-Za-z0-9]{40}|battery/);
  });

  test("copies as curl without secrets", async (t) => {
    const p = await open(t, demo, { permissions: ["clipboard-read", "clipboard-write"] });
    const ticket = (await p.run("SignIn")).data.createUserTicket;
    await p.press("Copy as curl");
    await reads(p.lesson, "Copied without secrets: set ACCESS, DEVICE, PASSWORD");
    const command = await p.page.evaluate(() => navigator.clipboard.readText());
    assert.doesNotMatch(command, /[A-Za-z0-9]{60}|battery/);

    const { accessToken: ACCESS, refreshToken: DEVICE } = ticket;
    const answer = execFileSync("bash", ["-c", command], {
      env: { ...process.env, ACCESS, DEVICE, PASSWORD: "correct horse battery staple" },
    });
    assert.equal(JSON.parse(answer).data.createUserTicket.customerAccount.userName, "demo");
  });

  test("shows @needs and @fails in the docs panel, and the back office separately", async (t) => {
    const p = await open(t, demo);
    const docs = p.page.getByRole("region", { name: "Documentation Explorer" });
    await p.press("Show Documentation Explorer");
    await reads(docs, /The shopper's fields[^]*createUserTicket[^]*The back office's fields[^]*lockAccount/);
    await docs.getByRole("link", { name: "Mutation" }).click();
    const fields = await docs.locator(".graphiql-doc-explorer-field-name").allInnerTexts();
    assert.ok(fields.indexOf("endSession") < fields.indexOf("createAccount"));
    await docs.getByRole("link", { name: "lockAccount", exact: true }).click();
    await reads(docs, /Back office\.[^]*@needs the behavior accounts\.manage/);
    await reads(docs, /@fails[^]*ACCOUNT_NOT_FOUND There is no such account/);
  });

  for (const colorScheme of ["light", "dark"]) {
    test(`is usable at 390 px, ${colorScheme}`, async (t) => {
      const p = await open(t, demo, { viewport: { width: 390, height: 844 }, colorScheme, hasTouch: true });
      const narrow = async (name) => {
        assert.equal(await p.width(), 390, `${name} is too wide`);
        await p.shoot(`390-${colorScheme}-${name}`);
      };
      await narrow("start");
      for (const name of ["SignIn", "Refresh", "FailsOnPurpose", "SignOut"]) {
        await p.run(name);
        await narrow(name);
      }
      await p.problem.or(p.page.locator(".result-window")).last().scrollIntoViewIfNeeded();
      await p.press("Show Documentation Explorer");
      await narrow("docs");
    });

    test(`has contrast at 1280 px, ${colorScheme}`, async (t) => {
      const p = await open(t, demo, { colorScheme });
      for (const name of ["SignIn", "FailsOnPurpose"]) {
        await p.run(name);
        await p.shoot(`1280-${colorScheme}-${name}`);
      }
      for (const selector of ["#strip .name", "#lesson .faint", ".problem strong", ".problem dd", ".problem button"]) {
        const ratio = await p.page.locator(selector).first().evaluate(contrast);
        assert.ok(ratio >= 4.5, `${selector}: ${ratio}`);
      }
      const background = await p.page.evaluate(() => getComputedStyle(document.body).backgroundColor);
      assert.equal(background === "rgb(255, 255, 255)", colorScheme === "light");
    });
  }
});

// Returns the contrast of a text with its background (WCAG 2.2, 1.4.3). It runs in the page.
function contrast(element) {
  const canvas = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  const luminance = (colour) => {
    canvas.fillStyle = colour;
    canvas.fillRect(0, 0, 1, 1);
    const [r, g, b] = [...canvas.getImageData(0, 0, 1, 1).data].map((byte) => {
      const part = byte / 255;
      return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };

  // Some backgrounds are translucent, so they are painted one over the other.
  const backgrounds = [];
  for (let outer = element; outer; outer = outer.parentElement) {
    backgrounds.unshift(getComputedStyle(outer).backgroundColor);
  }
  const behind = backgrounds.map(luminance).at(-1);
  const text = luminance(getComputedStyle(element).color);
  return (Math.max(text, behind) + 0.05) / (Math.min(text, behind) + 0.05);
}
