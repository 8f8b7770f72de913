import assert from "node:assert/strict";
import { before, describe, mock, test } from "node:test";
import { exchanges } from "./exchanges.js";
import { claimsOf, demo, load, locked, over, shop, wrong } from "./shop.js";
import { anonymous, behaviorsOf, refresh, signIn, whoAmI } from "./storefront.js";

const oauth = "/api/platform/applications/authtickets/oauth";
const tickets = "/api/commerce/customer/authtickets";

describe("/graphql", async () => {
  const kibo = await shop();
  const store = kibo.application("store");
  const brief = kibo.application("brief", "--access-lifetime=1s");
  before(() => mock.method(console, "error", () => {})); // the clients log all errors

  // Makes a client whose page has kept a ticket, with a function that asks a query.
  function connect(name, application, kept) {
    const [{ CreateApolloClient }, { default: gql }] = load(name, "graphql-tag");
    const stored = [];
    const client = CreateApolloClient({
      api: { ...application, apiHost: kibo.http, authHost: kibo.http, accessTokenUrl: kibo.http + oauth },
      clientAuthHooks: {
        onTicketChange: (ticket) => stored.push(ticket),
        onTicketRead: () => kept,
        onTicketRemove: () => stored.push(undefined),
      },
    });
    const ask = async (text) => (await client.query({ query: gql(text), fetchPolicy: "no-cache" })).data;
    return { client, ask, stored };
  }

  describe("with graphql-client 1.0.2", () => {
    const connectTo = (...options) => connect("@kibocommerce/graphql-client", ...options);

    test("a new shopper gets an anonymous ticket first", async () => {
      const { ask, stored } = connectTo(store);
      const { customerAccount } = await ask(whoAmI);
      assert.equal(customerAccount.isAnonymous, true);
      assert.equal(customerAccount.userId, stored.at(-1).userId);
    });

    test("a customer signs in", async () => {
      const { client, ask } = connectTo(store);
      await ask(whoAmI);
      await client.loginCustomerAndSetAuthTicket(demo);
      const { customerAccount } = await ask(whoAmI);
      assert.equal(customerAccount.userName, "demo");
      assert.equal(customerAccount.isAnonymous, false);
    });

    test("an expired ticket is refreshed before it is sent", async () => {
      const { client, ask } = connectTo(brief);
      const { accessTokenExpiration } = await client.loginCustomerAndSetAuthTicket(demo);
      await over(accessTokenExpiration);
      assert.equal((await ask(whoAmI)).customerAccount.userName, "demo");
    });

    // Its retries send the headers of the first attempt, so only the next operation succeeds.
    test("a refused ticket is refreshed", async () => {
      const { client: before } = connectTo(brief);
      const kept = await before.loginCustomerAndSetAuthTicket(demo);
      await over(kept.accessTokenExpiration);
      kept.accessTokenExpiration = Date.now() + 3_600_000; // as if the clock were slow
      const lines = exchanges((line) => {
        if (line === "POST /graphql 401") kept.accessTokenExpiration = new Date(0); // as if it were set
      });
      const { ask } = connectTo(brief, kept);
      await assert.rejects(ask(whoAmI), ({ networkError }) => networkError.result.message === "invalid_token");
      assert.equal((await ask(whoAmI)).customerAccount.userName, "demo");
      assert.deepEqual(lines, [
        `POST ${oauth} 200`,
        "POST /graphql 401",
        `PUT ${tickets}/refresh/ 200`,
        ...Array(3).fill("POST /graphql 401"),
        "POST /graphql 200",
      ]);
    });
  });

  describe("with graphql-client 1.0.3-beta.10", () => {
    const connectTo = (...options) => connect("graphql-client-beta", ...options);

    test("a new shopper gets an anonymous ticket first", async () => {
      const { ask, stored } = connectTo(store);
      const { customerAccount } = await ask(whoAmI);
      assert.equal(customerAccount.isAnonymous, true);
      assert.equal(customerAccount.userId, stored.at(-1).userId);
    });

    test("a customer signs in", async () => {
      const { client, ask } = connectTo(store);
      await client.shopperAuthManager.loginCustomerAndSetAuthTicket(demo);
      assert.equal((await ask(whoAmI)).customerAccount.userName, "demo");
    });

    test("an expired ticket is refreshed before it is sent", async () => {
      const { client, ask } = connectTo(brief);
      const ticket = await client.shopperAuthManager.loginCustomerAndSetAuthTicket(demo);
      await over(ticket.accessTokenExpiration);
      assert.equal((await ask(whoAmI)).customerAccount.userName, "demo");
    });

    test("the text that it sends after a failed refresh is no token", async () => {
      const kept = { accessToken: "old", refreshToken: "undefined", accessTokenExpiration: new Date(0) };
      const { ask, stored } = connectTo(store, kept);
      const { token } = await ask(anonymous);
      assert.equal(stored.at(-1).accessToken, undefined);
      assert.match(token.accessToken, /^[A-Za-z0-9]{64,}$/);
    });

    test("a refused ticket is reported as invalid_token", async () => {
      const { client } = connectTo(brief);
      const kept = await client.shopperAuthManager.loginCustomerAndSetAuthTicket(demo);
      await over(kept.accessTokenExpiration);
      kept.accessTokenExpiration = new Date(Date.now() + 3_600_000);
      const { ask } = connectTo(brief, kept);
      await assert.rejects(ask(whoAmI), ({ networkError }) => {
        assert.equal(networkError.statusCode, 401);
        assert.deepEqual(networkError.result, { message: "invalid_token" });
        return true;
      });
    });
  });

  describe("with Kibo's Next.js storefront", () => {
    const numbered = kibo.application("numbered", "--behaviors=cart.write", "--behavior-numbers=cart.write=1014");
    let authorization;
    before(async () => {
      const [{ APIAuthClient }, fetch] = load("@kibocommerce/sdk-authentication", "isomorphic-fetch");
      const client = new APIAuthClient({ ...numbered, authHost: kibo.http }, fetch);
      authorization = `Bearer ${(await client.authenticate()).access_token}`;
    });

    // Sends what the storefront sends. Without a ticket, claims is "" or "undefined".
    async function fetcher(query, variables, claims = "") {
      const headers = { authorization, "content-type": "application/json", "x-vol-user-claims": claims };
      const more = { "x-forwarded-for": "203.0.113.7" };
      const body = JSON.stringify({ query, variables });
      const response = await fetch(`${kibo.http}/graphql`, { method: "POST", headers: { ...headers, ...more }, body });
      return { status: response.status, headers: response.headers, ...(await response.json()) };
    }
    const newShopper = async () => (await fetcher(anonymous)).data.token;
    const login = (credentials, claims) => fetcher(signIn, { input: credentials }, claims);

    test("a customer signs in, and claims the shopper", async () => {
      const { accessToken } = await newShopper();
      const shopper = (await fetcher(whoAmI, {}, accessToken)).data.customerAccount;
      assert.equal(shopper.isAnonymous, true);

      const { account } = (await login(demo, accessToken)).data;
      assert.equal(account.customerAccount.userName, "demo");
      assert.equal(account.customerAccount.userId, account.userId);
      const claims = claimsOf(account);
      assert.deepEqual(behaviorsOf(claims), [1014]);
      assert.equal(claims.claimed_anonymous_sub, shopper.userId);
      const { customerAccount } = (await fetcher(whoAmI, {}, account.accessToken)).data;
      assert.deepEqual(customerAccount, account.customerAccount);
    });

    test("a customer signs in without a shopper's token", async () => {
      for (const claims of ["", "undefined", "null"]) {
        const { account } = (await login(demo, claims)).data;
        assert.equal(account.customerAccount.userName, "demo");
      }
    });

    test("a ticket is refreshed", async () => {
      const { account } = (await login(demo)).data;
      for (const accountId of [undefined, null, account.customerAccount.id]) {
        const { data } = await fetcher(refresh, { accountId, refreshToken: account.refreshToken });
        assert.equal(data.account.userId, account.userId); // the same ticket each time
      }
    });

    for (const [what, document, variables, status] of [
      ["a wrong password", signIn, { input: wrong }, 400],
      ["a locked account", signIn, { input: locked }, 403],
      ["text that is no refresh token", refresh, { refreshToken: "undefined" }, 401],
    ]) {
      test(`${what} is refused with a status and a message`, async () => {
        const answer = await fetcher(document, variables);
        assert.equal(answer.status, 200);
        assert.match(answer.headers.get("x-vol-correlation"), /^[0-9a-f]{16}$/);
        const { response } = answer.errors[0].extensions;
        assert.equal(response.status, status);
        assert.ok(response.body.message);
      });
    }

    test("a document with a fault is refused with a status and a message", async () => {
      const { response } = (await fetcher("query { nonsense }")).errors[0].extensions;
      assert.equal(response.status, 400);
      assert.ok(response.body.message);
    });

    test("a shopper's token that is not valid is refused", async () => {
      const { accessToken } = await newShopper();
      const { status, message } = await fetcher(whoAmI, {}, accessToken.slice(0, -1));
      assert.equal(`${status} ${message}`, "401 invalid_token");
    });
  });
});
