import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { exchanges } from "./exchanges.js";
import { demo, load, locked, over, shop, wrong } from "./shop.js";

const oauth = "/api/platform/applications/authtickets/oauth";
const tickets = "/api/commerce/customer/authtickets";
const none = {
  accessToken: undefined,
  accessTokenExpiration: undefined,
  refreshToken: undefined,
  refreshTokenExpiration: undefined,
  userId: undefined,
};

describe("graphql-client 1.0.3-beta.10", async () => {
  const kibo = await shop();
  const store = kibo.application("store");
  const brief = kibo.application("brief", "--access-lifetime=1s");
  const hasty = await shop("--kibo-application-lifetime=2s");
  const hastyStore = hasty.application("store");

  // Makes a client whose page has kept a ticket. `stored` has all that the client lets it keep.
  function connect(shop, application, kept) {
    const [{ CreateApolloClient }] = load("graphql-client-beta");
    const stored = [];
    const { apiAuthClient, shopperAuthClient, shopperAuthManager } = CreateApolloClient({
      api: { ...application, apiHost: shop.http, authHost: shop.http },
      clientAuthHooks: {
        onTicketChange: (ticket) => stored.push(ticket),
        onTicketRead: () => kept,
        onTicketRemove: () => stored.push(undefined),
      },
    });
    return { application: apiAuthClient, shopper: shopperAuthClient, manager: shopperAuthManager, stored };
  }

  test("a new shopper gets an anonymous ticket", async () => {
    const { manager, stored } = connect(kibo, store);
    const accessToken = await manager.getAccessToken();
    assert.match(accessToken, /^[A-Za-z0-9]{64,}$/);
    assert.equal(stored.length, 1);
    assert.equal(stored[0].accessToken, accessToken);
    assert.match(stored[0].userId, /^[0-9a-f]{32}$/);
    assert.equal(await manager.getAccessToken(), accessToken);
  });

  test("20 requests of a new shopper get one anonymous ticket", async () => {
    const { manager, stored } = connect(kibo, store);
    const all = await Promise.all(Array.from({ length: 20 }, () => manager.getAccessToken()));
    assert.equal(new Set(all).size, 1);
    assert.equal(stored.length, 1);
  });

  test("a customer signs in", async () => {
    const { manager, stored } = connect(kibo, store);
    const ticket = await manager.loginCustomerAndSetAuthTicket(demo);
    assert.match(ticket.userId, /^[0-9a-f]{32}$/);
    assert.equal(stored.at(-1), ticket);
    assert.equal(await manager.getAccessToken(), ticket.accessToken);
  });

  test("the configuration can be in the environment", async (t) => {
    const { clientId, sharedSecret } = store;
    const host = kibo.domain;
    const settings = { CLIENT_ID: clientId, SHARED_SECRET: sharedSecret, AUTH_HOST: host, API_HOST: host };
    for (const [name, value] of Object.entries(settings)) {
      process.env[`KIBO_${name}`] = value;
      t.after(() => delete process.env[`KIBO_${name}`]);
    }
    const [{ CreateApolloClient }] = load("graphql-client-beta");
    assert.match(await CreateApolloClient().apiAuthClient.getAccessToken(), /^[A-Za-z0-9]{64,}$/);
  });

  for (const [what, credentials, status] of [
    ["a wrong password", wrong, 400],
    ["a locked account", locked, 403],
  ]) {
    test(`${what} gives no ticket`, async () => {
      const { manager } = connect(kibo, store);
      const lines = exchanges();
      assert.deepEqual(await manager.loginCustomerAndSetAuthTicket(credentials), none);
      assert.deepEqual(lines, [`POST ${oauth} 200`, `POST ${tickets} ${status}`]);
    });
  }

  test("an expired ticket is refreshed", async () => {
    const { manager, stored } = connect(kibo, brief);
    const first = await manager.loginCustomerAndSetAuthTicket(demo);
    await over(first.accessTokenExpiration);
    const lines = exchanges();
    const accessToken = await manager.getAccessToken();
    assert.notEqual(accessToken, first.accessToken);
    assert.equal(stored.at(-1).accessToken, accessToken);
    assert.equal(stored.at(-1).userId, first.userId);
    assert.deepEqual(lines, [`PUT ${tickets}/refresh/ 200`]);
  });

  test("a refused refresh gives no ticket", async () => {
    const kept = { ...none, accessToken: "old", refreshToken: "undefined", accessTokenExpiration: new Date(0) };
    const { manager, stored } = connect(kibo, store, kept);
    const lines = exchanges();
    assert.equal(await manager.getAccessToken(), undefined);
    assert.deepEqual(stored, [none]);
    assert.deepEqual(lines, [`POST ${oauth} 200`, `PUT ${tickets}/refresh/ 401`]);
  });

  test("the client renews its application ticket", async () => {
    const { application, shopper } = connect(hasty, hastyStore);
    const lines = exchanges();
    const first = await application.getAccessToken();
    assert.equal(await application.getAccessToken(), first);
    await sleep(2100);
    assert.match((await shopper.anonymousAuth()).userId, /^[0-9a-f]{32}$/);
    assert.notEqual(await application.getAccessToken(), first);
    assert.deepEqual(lines, [`POST ${oauth} 200`, `POST ${oauth} 200`, `GET ${tickets}/anonymousshopper 200`]);
  });

  test("a wrong shared secret is refused", async () => {
    const { manager } = connect(kibo, { ...store, sharedSecret: "wrong" });
    const lines = exchanges();
    assert.equal(await manager.getAccessToken(), undefined);
    assert.deepEqual(lines, [`POST ${oauth} 401`, `GET ${tickets}/anonymousshopper 401`]);
  });
});
