import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { exchanges } from "./exchanges.js";
import { claimsOf, demo, load, locked, over, shop, site, tenant, wrong } from "./shop.js";

const oauth = "/api/platform/applications/authtickets/oauth";
const tickets = "/api/commerce/customer/authtickets";

describe("rest-sdk 3 with sdk-authentication 1", async () => {
  const kibo = await shop();
  const store = kibo.application("store");
  const brief = kibo.application("brief", "--access-lifetime=1s", "--refresh-lifetime=2s");
  const hasty = await shop("--kibo-application-lifetime=2s");
  const hastyStore = hasty.application("store");

  // Makes the clients of two resources: the customers' tickets, and the tenants.
  function connect(shop, settings) {
    const [{ Configuration }, { StorefrontAuthTicketApi }, { TenantsApi }] = load(
      "@kibocommerce/rest-sdk",
      "@kibocommerce/rest-sdk/clients/Customer",
      "@kibocommerce/rest-sdk/clients/Tenant",
    );
    const usual = { tenantId: tenant, siteId: site, masterCatalog: 1, catalog: 1, authHost: shop.domain };
    const configuration = new Configuration({ ...usual, ...settings });
    return {
      configuration,
      tickets: new StorefrontAuthTicketApi(configuration),
      tenants: new TenantsApi(configuration),
      signIn: (customerUserAuthInfo, more) =>
        new StorefrontAuthTicketApi(configuration).createUserAuthTicket({ customerUserAuthInfo, ...more }),
    };
  }

  // Returns how the SDK reports a refusal.
  async function refusal(answer) {
    const { name, response, apiError, message } = await answer.then(
      () => assert.fail("it was not refused"),
      (error) => error,
    );
    assert.equal(name, "ResponseError", message);
    assert.equal(response.correlationId, apiError.correlationId);
    assert.match(response.correlationId, /^[0-9a-f]{16}$/);
    assert.equal(message, apiError.message);
    assert.equal(apiError.items[0].errorCode, apiError.errorCode);
    return `${response.status} ${apiError.errorCode}`;
  }

  test("it learns where the tenant is, and gets an anonymous ticket there", async () => {
    const lines = exchanges();
    const ticket = await connect(kibo, store).tickets.createAnonymousShopperAuthTicket();
    assert.match(ticket.userId, /^[0-9a-f]{32}$/);
    assert.equal(ticket.customerAccount.isAnonymous, true);
    assert.match(ticket.accessTokenExpiration, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
    assert.deepEqual(lines, [
      `POST ${oauth} 200`,
      `GET /api/platform/tenants/${tenant} 200`,
      `GET ${tickets}/anonymousshopper 200`,
    ]);
  });

  test("the tenant has its site", async () => {
    const { domain, sites } = await connect(kibo, store).tenants.getTenant({ tenantId: tenant });
    assert.equal(domain, kibo.domain);
    assert.deepEqual(sites.map(({ siteId }) => siteId), [site]);
  });

  test("there is no other tenant", async () => {
    assert.equal(await refusal(connect(kibo, store).tenants.getTenant({ tenantId: 1 })), "404 ITEM_NOT_FOUND");
  });

  test("a customer signs in", async () => {
    const ticket = await connect(kibo, store).signIn({ ...demo, accountId: null, fingerprint: null, region: null });
    assert.equal(ticket.customerAccount.userName, "demo");
    assert.equal(ticket.customerAccount.attributes.length, 3);
    assert.equal(claimsOf(ticket).sub, ticket.userId);
  });

  test("a customer signs in to the own account, and to no other", async () => {
    const { signIn } = connect(kibo, store);
    const { userId, customerAccount } = await signIn(demo);
    const accountId = customerAccount.id;
    const fingerprint = "0123456789abcdef";
    assert.equal((await signIn({ ...demo, accountId, fingerprint, region: "eu" })).userId, userId);
    assert.equal(await refusal(signIn({ ...demo, accountId: accountId + 1 })), "400 INVALID_CREDENTIALS");
  });

  test("a wrong password is refused", async () => {
    assert.equal(await refusal(connect(kibo, store).signIn(wrong)), "400 INVALID_CREDENTIALS");
  });

  test("a locked account is refused", async () => {
    assert.equal(await refusal(connect(kibo, store).signIn(locked)), "403 ACCOUNT_LOCKED");
  });

  test("signing in with an anonymous ticket claims the shopper", async () => {
    const { configuration, tickets } = connect(kibo, store);
    const anonymous = await tickets.createAnonymousShopperAuthTicket();
    const appClaims = await configuration.accessToken();

    const settings = { apiHost: kibo.https, appClaims, userClaims: anonymous.accessToken };
    const shopper = connect(kibo, settings);
    const ticket = await shopper.signIn(demo);
    assert.equal(claimsOf(ticket).claimed_anonymous_sub, anonymous.userId);
    const { refreshToken } = anonymous;
    assert.equal(await refusal(tickets.refreshUserAuthTicket({ refreshToken })), "401 UNAUTHORIZED");
  });

  test("a ticket is refreshed", async () => {
    const { signIn, tickets } = connect(kibo, store);
    const { userId, accessToken, refreshToken, customerAccount } = await signIn(demo);
    const next = await tickets.refreshUserAuthTicket({ refreshToken, accountId: customerAccount.id });
    assert.equal(next.userId, userId);
    assert.equal(next.customerAccount.userName, "demo");
    assert.notEqual(next.accessToken, accessToken);
  });

  test("the refresh token of another account is refused", async () => {
    const { signIn, tickets } = connect(kibo, store);
    const { refreshToken, customerAccount } = await signIn(demo);
    const accountId = customerAccount.id + 1;
    assert.equal(await refusal(tickets.refreshUserAuthTicket({ refreshToken, accountId })), "401 UNAUTHORIZED");
    await tickets.refreshUserAuthTicket({ refreshToken }); // the session lives
  });

  test("an expired refresh token is refused", async () => {
    const { signIn, tickets } = connect(kibo, brief);
    const { refreshToken, refreshTokenExpiration } = await signIn(demo);
    await over(refreshTokenExpiration);
    assert.equal(await refusal(tickets.refreshUserAuthTicket({ refreshToken })), "401 UNAUTHORIZED");
  });

  for (const [what, refreshToken] of [
    ["nothing", ""],
    ["text", "undefined"],
    ["a long text", "a".repeat(5000)],
  ]) {
    test(`${what} instead of a refresh token is refused`, async () => {
      const { tickets } = connect(kibo, store);
      assert.match(await refusal(tickets.refreshUserAuthTicket({ refreshToken })), /^4\d\d [A-Z_]+$/);
    });
  }

  describe("responseFields", () => {
    const names = (ticket) => Object.keys(ticket).sort();

    test("selects fields of tickets and accounts", async () => {
      const { signIn, tickets } = connect(kibo, store);
      const responseFields = "userId, refreshtoken, customerAccount(userName, attributes(values)), nonsense";
      const ticket = await signIn(demo, { responseFields });
      assert.deepEqual(names(ticket), ["customerAccount", "refreshToken", "userId"]);
      assert.deepEqual(ticket.customerAccount, {
        userName: "demo",
        attributes: [
          { values: ["teal"] },
          { values: [{ tier: "gold", points: 1250 }] },
          { values: ["weekly", "sales"] },
        ],
      });

      const { refreshToken } = ticket;
      const next = await tickets.refreshUserAuthTicket({ refreshToken, responseFields: "accessToken" });
      assert.deepEqual(names(next), ["accessToken"]);
    });

    test("leaves fields out", async () => {
      const { tickets } = connect(kibo, store);
      const responseFields = "-customerAccount,-jwtAccessToken,-refreshToken,-refreshTokenExpiration";
      const ticket = await tickets.createAnonymousShopperAuthTicket({ responseFields });
      assert.deepEqual(names(ticket), ["accessToken", "accessTokenExpiration", "userId"]);
    });

    test("an empty one selects everything", async () => {
      const { tickets } = connect(kibo, store);
      const everything = names(await tickets.createAnonymousShopperAuthTicket());
      assert.deepEqual(names(await tickets.createAnonymousShopperAuthTicket({ responseFields: "" })), everything);
    });

    for (const responseFields of ["userId,customerAccount(userName", "userId)", "a,".repeat(1100)]) {
      test(`${responseFields.slice(0, 40)} is refused`, async () => {
        const answer = connect(kibo, store).tickets.createAnonymousShopperAuthTicket({ responseFields });
        assert.equal(await refusal(answer), "400 MISSING_OR_INVALID_PARAMETER");
      });
    }
  });

  for (const [operation, input] of [
    ["generateAndSendOtp", { otpRequest: { emailAddress: "demo@example.com" } }],
    ["validateOtpAndCreateAuthTicket", { authTicketOtpInfo: { otp: "123456" } }],
    ["generateAndSend2faOtp", undefined],
    ["validate2FAAndCreateAuthTicket", { authTicket2FAInfo: { otp: "123456" } }],
    ["impersonateCart", { cartAuthTicketRequest: { cartId: "1" } }],
  ]) {
    test(`${operation} is not supported`, async () => {
      assert.equal(await refusal(connect(kibo, store).tickets[operation](input)), "501 NOT_SUPPORTED");
    });
  }

  test("the SDK renews its application ticket", async () => {
    const { tickets: api } = connect(hasty, hastyStore);
    await api.createAnonymousShopperAuthTicket();
    const lines = exchanges();
    await api.createAnonymousShopperAuthTicket();
    await sleep(2100);
    await api.createAnonymousShopperAuthTicket();
    const anonymous = `GET ${tickets}/anonymousshopper 200`;
    assert.deepEqual(lines, [anonymous, `POST ${oauth} 200`, anonymous]);
  });

  test("an expired application token is refused", async () => {
    const settings = { tenantId: tenant, apiHost: hasty.https };
    const accessToken = await connect(hasty, hastyStore).configuration.accessToken();
    await sleep(2100);
    const answer = connect(hasty, { ...settings, accessToken }).tickets.createAnonymousShopperAuthTicket();
    assert.equal(await refusal(answer), "401 UNAUTHORIZED");
  });
});
