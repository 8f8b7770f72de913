import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { exchanges } from "./exchanges.js";
import { ask, claimsOf, demo, load, locked, over, shop, site, tenant, wrong } from "./shop.js";

const applications = "/api/platform/applications/authtickets";
const tickets = "/api/commerce/customer/authtickets";
const token = /^[A-Za-z0-9]{64,}$/;

describe("mozu-node-sdk 2", async () => {
  const kibo = await shop();
  const store = kibo.application("store");
  const brief = kibo.application("brief", "--access-lifetime=1s", "--refresh-lifetime=2s");
  const hasty = await shop("--kibo-application-lifetime=2s");
  const hastyStore = hasty.application("store");

  // Makes the clients of two resources: the customers' tickets, and the application's own.
  function connect(shop, { clientId, sharedSecret }, more) {
    const [{ client }] = load("mozu-node-sdk");
    const context = { appKey: clientId, sharedSecret, baseUrl: shop.http, tenant, site, ...more };
    return {
      tickets: client(context).commerce().customer().customerAuthTicket(),
      applications: client(context).platform().applications().authTicket(),
    };
  }

  // Returns how the SDK reports a refusal.
  async function refusal(answer) {
    const { originalError, message } = await answer.then(
      () => assert.fail("it was not refused"),
      (error) => error,
    );
    assert.ok(originalError?.errorCode, message);
    assert.equal(originalError.correlationId, originalError["x-vol-correlation"]);
    return `${originalError.statusCode} ${originalError.errorCode}`;
  }

  test("it learns where the tenant is, and gets an anonymous ticket there", async () => {
    const lines = exchanges();
    const ticket = await connect(kibo, store).tickets.createAnonymousShopperAuthTicket();
    assert.match(ticket.accessToken, token);
    assert.match(ticket.userId, /^[0-9a-f]{32}$/);
    assert.ok(ticket.accessTokenExpiration instanceof Date);
    assert.ok(ticket.refreshTokenExpiration > ticket.accessTokenExpiration);
    assert.deepEqual(lines, [
      `POST ${applications}/ 200`,
      `GET /api/platform/tenants/${tenant} 200`,
      `POST ${applications}/ 200`,
      `GET ${tickets}/anonymousshopper 200`,
    ]);
  });

  test("a customer signs in", async () => {
    const ticket = await connect(kibo, store).tickets.createUserAuthTicket(demo);
    assert.equal(ticket.customerAccount.userName, "demo");
    assert.equal(claimsOf(ticket).sub, ticket.userId);
  });

  test("signing in with an anonymous ticket claims the shopper", async () => {
    const { tickets } = connect(kibo, store);
    const anonymous = await tickets.createAnonymousShopperAuthTicket();
    const shopper = connect(kibo, store, { "user-claims": anonymous.accessToken });
    const ticket = await shopper.tickets.createUserAuthTicket(demo);
    assert.equal(claimsOf(ticket).claimed_anonymous_sub, anonymous.userId);
    const { refreshToken } = anonymous;
    assert.equal(await refusal(tickets.refreshUserAuthTicket({ refreshToken })), "401 UNAUTHORIZED");
  });

  test("a wrong password is refused", async () => {
    const { tickets } = connect(kibo, store);
    assert.equal(await refusal(tickets.createUserAuthTicket(wrong)), "400 INVALID_CREDENTIALS");
  });

  test("a locked account is refused", async () => {
    const { tickets } = connect(kibo, store);
    assert.equal(await refusal(tickets.createUserAuthTicket(locked)), "403 ACCOUNT_LOCKED");
  });

  test("a ticket is refreshed", async () => {
    const { tickets } = connect(kibo, store);
    const { userId, accessToken, refreshToken } = await tickets.createUserAuthTicket(demo);
    const next = await tickets.refreshUserAuthTicket({ refreshToken });
    assert.equal(next.userId, userId);
    assert.notEqual(next.accessToken, accessToken);
  });

  test("expired and invalid refresh tokens are refused", async () => {
    const { tickets } = connect(kibo, brief);
    const { refreshToken, refreshTokenExpiration } = await tickets.createUserAuthTicket(demo);
    await over(refreshTokenExpiration);
    for (const text of [refreshToken, "undefined"]) {
      assert.equal(await refusal(tickets.refreshUserAuthTicket({ refreshToken: text })), "401 UNAUTHORIZED");
    }
  });

  test("responseFields selects fields", async () => {
    const { tickets } = connect(kibo, store);
    const responseFields = "refreshToken,customerAccount(userName)";
    const { refreshToken, ...rest } = await tickets.createUserAuthTicket({ ...demo, responseFields });
    assert.deepEqual(rest, { customerAccount: { userName: "demo" } });
    const next = await tickets.refreshUserAuthTicket({ refreshToken, responseFields: "userId" });
    assert.deepEqual(Object.keys(next), ["userId"]);
  });

  describe("an application", () => {
    const credentials = { applicationId: store.clientId, sharedSecret: store.sharedSecret };
    const status = async (accessToken) => {
      const headers = { "x-vol-app-claims": accessToken };
      return (await ask(kibo, "GET", "commerce/customer/authtickets/anonymousshopper", undefined, headers)).status;
    };

    test("gets a ticket, and renews it", async () => {
      const { applications } = connect(kibo, store);
      const first = await applications.authenticateApp(credentials);
      const next = await applications.refreshAppAuthTicket({ refreshToken: first.refreshToken });
      for (const ticket of [first, next]) {
        assert.match(ticket.accessToken, token);
        assert.match(ticket.refreshToken, token);
        assert.ok(ticket.accessTokenExpiration > new Date());
        assert.ok(ticket.refreshTokenExpiration > ticket.accessTokenExpiration);
        assert.equal(await status(ticket.accessToken), 200);
      }
      assert.notEqual(next.accessToken, first.accessToken);
    });

    test("deletes its ticket", async () => {
      const { applications } = connect(kibo, store);
      const first = await applications.authenticateApp(credentials);
      const { refreshToken } = first;
      const next = await applications.refreshAppAuthTicket({ refreshToken });
      await applications.deleteAppAuthTicket({ refreshToken });
      await applications.deleteAppAuthTicket({ refreshToken });
      for (const { refreshToken } of [first, next]) {
        assert.equal(await refusal(applications.refreshAppAuthTicket({ refreshToken })), "401 UNAUTHORIZED");
      }

      const deadline = Date.now() + 10_000; // servers read every 2 s which tickets ended
      while ((await status(first.accessToken)) !== 401 && Date.now() < deadline) await sleep(100);
      assert.equal(await status(first.accessToken), 401);
      assert.equal(await status(next.accessToken), 401);
    });

    test("with a wrong shared secret is refused", async () => {
      const { tickets } = connect(kibo, { ...store, sharedSecret: "wrong" });
      assert.equal(await refusal(tickets.createAnonymousShopperAuthTicket()), "401 UNAUTHORIZED");
    });

    test("with text instead of a refresh token is refused", async () => {
      const { applications } = connect(kibo, store);
      for (const refreshToken of ["undefined", "", null]) {
        assert.equal(await refusal(applications.refreshAppAuthTicket({ refreshToken })), "401 UNAUTHORIZED");
      }
    });

    test("renews its ticket when it has expired", async () => {
      const { tickets: api } = connect(hasty, hastyStore);
      await api.createAnonymousShopperAuthTicket();
      const lines = exchanges();
      await api.createAnonymousShopperAuthTicket();
      await sleep(2100);
      await api.createAnonymousShopperAuthTicket();
      const anonymous = `GET ${tickets}/anonymousshopper 200`;
      assert.deepEqual(lines, [anonymous, `PUT ${applications}/refresh-ticket 200`, anonymous]);
    });
  });
});
