import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { exchanges } from "./exchanges.js";
import { load, over, shop } from "./shop.js";

const oauth = "/api/platform/applications/authtickets/oauth";

describe("sdk-authentication 1", async () => {
  const kibo = await shop("--kibo-application-lifetime=2s");
  const store = kibo.application("store");

  // Makes a client that keeps its ticket in `kept`.
  function connect(settings) {
    const [{ APIAuthClient }, fetch] = load("@kibocommerce/sdk-authentication", "isomorphic-fetch");
    const kept = {};
    const cache = { getAuthTicket: () => kept.ticket, setAuthTicket: (ticket) => (kept.ticket = ticket) };
    return { client: new APIAuthClient({ ...settings, authHost: kibo.domain }, fetch, cache), kept };
  }

  test("an application gets a ticket", async () => {
    const { client, kept } = connect(store);
    const ticket = await client.authenticate();
    assert.match(ticket.access_token, /^[A-Za-z0-9]{64,}$/);
    assert.match(ticket.refresh_token, /^[A-Za-z0-9]{64,}$/);
    assert.equal(ticket.token_type, "Bearer");
    assert.equal(ticket.expires_in, 2);
    assert.equal(kept.ticket, ticket);
  });

  test("an application renews its ticket", async () => {
    const { client } = connect(store);
    const first = await client.authenticate();
    const next = await client.refreshTicket(first);
    assert.notEqual(next.access_token, first.access_token);
    assert.equal(next.expires_in, 2);
  });

  test("a ticket is renewed when it has expired", async () => {
    const { client, kept } = connect(store);
    const lines = exchanges();
    const first = await client.getAccessToken();
    assert.equal(await client.getAccessToken(), first);
    await over(kept.ticket.expires_at);
    assert.notEqual(await client.getAccessToken(), first);
    assert.deepEqual(lines, Array(2).fill(`POST ${oauth} 200`));
  });

  test("a ticket is renewed even if its refresh token is worth nothing", async () => {
    const { client } = connect(store);
    for (const refresh_token of ["undefined", null, undefined]) {
      const { access_token } = await client.refreshTicket({ refresh_token });
      assert.match(access_token, /^[A-Za-z0-9]{64,}$/);
    }
  });

  for (const [what, settings] of [
    ["a wrong shared secret", { ...store, sharedSecret: "wrong" }],
    ["an unknown client id", { ...store, clientId: "Shop.Other.1.0.0.Release" }],
    ["a page's application", { ...store, clientId: "storefront" }],
  ]) {
    test(`${what} is refused`, async () => {
      const { client, kept } = connect(settings);
      await assert.rejects(client.authenticate(), (error) => error.message.length > 10);
      await assert.rejects(client.getAccessToken());
      assert.equal(kept.ticket, undefined);
    });
  }
});
