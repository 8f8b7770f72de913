import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { exchanges } from "./exchanges.js";
import { claimsOf, demo, load, locked, over, shop, wrong } from "./shop.js";

const oauth = "/api/platform/applications/authtickets/oauth";
const tickets = "/api/commerce/customer/authtickets";

describe("graphql-client 1.0.2", async () => {
  const kibo = await shop();
  const store = kibo.application("store");
  const brief = kibo.application("brief", "--access-lifetime=1s", "--anonymous-refresh-lifetime=2s");
  const hasty = await shop("--kibo-application-lifetime=2s");
  const hastyStore = hasty.application("store");

  // Makes a client whose page has kept a ticket. `stored` has all that the client lets it keep.
  function connect(shop, application, kept) {
    const [{ CreateApolloClient }] = load("@kibocommerce/graphql-client");
    const stored = [];
    const { authClient, ticketManager, loginCustomerAndSetAuthTicket } = CreateApolloClient({
      api: { ...application, apiHost: shop.http, accessTokenUrl: shop.http + oauth },
      clientAuthHooks: {
        onTicketChange: (ticket) => stored.push(ticket),
        onTicketRead: () => kept,
        onTicketRemove: () => stored.push(undefined),
      },
    });
    return { authClient, ticketManager, signIn: loginCustomerAndSetAuthTicket, stored };
  }

  // Returns the error in what the client takes for a ticket.
  function refusal({ errorCode, additionalErrorData }) {
    const { value } = additionalErrorData.find(({ name }) => name === "reason");
    return `${errorCode} ${value}`;
  }

  test("a new shopper gets an anonymous ticket", async () => {
    const { ticketManager, stored } = connect(kibo, store);
    const ticket = await ticketManager.getTicket();
    assert.match(ticket.accessToken, /^[A-Za-z0-9]{64,}$/);
    assert.match(ticket.userId, /^[0-9a-f]{32}$/);
    assert.ok(ticket.accessTokenExpiration > new Date());
    assert.ok(ticket.refreshTokenExpiration > ticket.accessTokenExpiration);
    assert.equal(stored.at(-1), ticket);
    assert.equal(await ticketManager.getToken(), ticket.accessToken);
  });

  test("a customer signs in", async () => {
    const { signIn, ticketManager, stored } = connect(kibo, store);
    const ticket = await signIn(demo);
    assert.equal(ticket.customerAccount.userName, "demo");
    assert.equal(ticket.customerAccount.id, 1);
    assert.equal(claimsOf(ticket).sub, ticket.userId);
    assert.equal(stored.at(-1).accessToken, ticket.accessToken);
    assert.equal(await ticketManager.getToken(), ticket.accessToken);
  });

  test("signing in with an anonymous ticket claims the shopper", async () => {
    const { authClient, ticketManager } = connect(kibo, store);
    const anonymous = await ticketManager.getTicket();
    const ticket = await authClient.customerPasswordAuth(demo, anonymous);
    assert.equal(claimsOf(ticket).claimed_anonymous_sub, anonymous.userId);
    assert.equal(refusal(await authClient.refreshUserAuth(anonymous)), "UNAUTHORIZED SIGNED_IN");
  });

  test("signing in with text that is not a token works", async () => {
    const { authClient } = connect(kibo, store);
    for (const accessToken of ["undefined", "null", "[object Object]", "a".repeat(200)]) {
      const ticket = await authClient.customerPasswordAuth(demo, { accessToken });
      assert.equal(ticket.customerAccount.userName, "demo");
    }
  });

  test("a wrong password is refused, and the ticket stays", async () => {
    const { signIn, stored } = connect(kibo, store);
    const lines = exchanges();
    assert.equal(refusal(await signIn(wrong)), "INVALID_CREDENTIALS INVALID_CREDENTIALS");
    assert.deepEqual(stored, []);
    assert.deepEqual(lines, [`POST ${oauth} 200`, `POST ${tickets} 400`]); // one guess, not two
  });

  test("a locked account is refused", async () => {
    const { signIn, stored } = connect(kibo, store);
    assert.equal(refusal(await signIn(locked)), "ACCOUNT_LOCKED ACCOUNT_LOCKED");
    assert.deepEqual(stored, []);
  });

  test("an expired ticket is refreshed", async () => {
    const { signIn, ticketManager, stored } = connect(kibo, brief);
    const { userId, accessToken, accessTokenExpiration } = await signIn(demo);
    await over(accessTokenExpiration);
    const lines = exchanges();
    const ticket = await ticketManager.getTicket();
    assert.equal(ticket.userId, userId);
    assert.notEqual(ticket.accessToken, accessToken);
    assert.equal(stored.at(-1), ticket);
    assert.deepEqual(lines, [`PUT ${tickets}/refresh/ 200`]);
  });

  test("a ticket is replaced when its refresh token has expired", async () => {
    const { authClient, ticketManager } = connect(kibo, brief);
    const expired = { ...(await ticketManager.getTicket()) };
    await over(expired.refreshTokenExpiration);
    assert.equal(refusal(await authClient.refreshUserAuth(expired)), "UNAUTHORIZED TOKEN_EXPIRED");
    const ticket = await ticketManager.getTicket();
    assert.notEqual(ticket.userId, expired.userId);
  });

  test("a refused refresh is never taken for a ticket", async () => {
    const { ticketManager: first } = connect(kibo, store);
    const { refreshToken, ...rest } = await first.getTicket();
    const kept = { ...rest, refreshToken: refreshToken.slice(1), accessTokenExpiration: 0 };
    const { ticketManager, stored } = connect(kibo, store, kept);
    const lines = exchanges();
    await assert.rejects(ticketManager.getTicket(), /Invalid auth ticket/);
    assert.deepEqual(lines, [`POST ${oauth} 200`, ...Array(2).fill(`PUT ${tickets}/refresh/ 401`)]);
    assert.equal(stored.at(-1).errorCode, "UNAUTHORIZED");
  });

  test("the client renews its application ticket", async () => {
    const { authClient } = connect(hasty, hastyStore);
    const lines = exchanges();
    const first = await authClient.getAppAuthToken();
    assert.equal(await authClient.getAppAuthToken(), first);
    await sleep(2100);
    const { userId } = await authClient.anonymousAuth();
    assert.match(userId, /^[0-9a-f]{32}$/);
    assert.notEqual(await authClient.getAppAuthToken(), first);
    assert.deepEqual(lines, [`POST ${oauth} 200`, `POST ${oauth} 200`, `GET ${tickets}/anonymousshopper 200`]);
  });

  test("a wrong shared secret is refused", async () => {
    const { authClient } = connect(kibo, { ...store, sharedSecret: "wrong" });
    assert.equal(refusal(await authClient.anonymousAuth()), "UNAUTHORIZED APPLICATION_INVALID");
  });
});
