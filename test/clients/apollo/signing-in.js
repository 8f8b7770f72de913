import assert from "node:assert/strict";
import { test } from "node:test";
import { gql } from "graphql-tag";
import { server } from "../server.js";
import { bearing } from "./connect.js";
import { anonymous, demo, refresh, signIn, signOut, whoAmI } from "./documents.js";

const sessions = gql`
  query Sessions {
    currentShopper {
      sessions {
        id
        isCurrent
      }
    }
  }
`;

export function signingIn(connect, { mendWith }) {
  const shop = server("--behaviors=cart.write,catalog.read");

  test("with aliases and fragments", async () => {
    const { ask, exchanges } = connect(shop);
    const { ticket: guest } = await ask(anonymous);
    const document = gql`
      mutation SignIn($input: CustomerUserAuthInfoInput!) {
        ticket: createUserTicket(input: $input) {
          ...Ticket
          lifetime: accessTokenLifetime
        }
      }
      fragment Ticket on CustomerAuthTicket {
        merge: claimedAnonymousUserId
        behaviors
        shopper: customerAccount {
          ...Shopper
          given: firstName
        }
      }
      fragment Shopper on CustomerAccount {
        userName
        ... on CustomerAccount {
          given: firstName
          family: lastName
        }
      }
    `;
    const { ticket } = await ask(document, { input: { ...demo.input, previousRefreshToken: guest.refreshToken } });
    assert.equal(exchanges.length, 2);
    assert.deepEqual(ticket, {
      __typename: "CustomerAuthTicket",
      merge: guest.userId,
      behaviors: ["cart.write", "catalog.read"],
      shopper: { __typename: "CustomerAccount", userName: "demo", given: "Dana", family: "Demo" },
      lifetime: 900,
    });
  });

  test("ends the anonymous session", async () => {
    const { ask, refusal } = connect(shop);
    const { ticket: guest } = await ask(anonymous);
    await ask(signIn, { input: { ...demo.input, previousRefreshToken: guest.refreshToken } });
    assert.equal(await refusal(refresh, { token: guest.refreshToken }), "UNAUTHENTICATED SIGNED_IN SIGN_IN");
  });

  test("on a known device replaces its session, and claims the shopper's belongings", async () => {
    const { ask, refusal } = connect(shop);
    const device = (await ask(signIn, demo)).ticket;
    const { ticket: guest } = await ask(anonymous);
    const tokens = { deviceToken: device.refreshToken, previousRefreshToken: guest.refreshToken };
    const { ticket } = await ask(signIn, { input: { ...demo.input, ...tokens } });
    assert.equal(ticket.claim, "CLAIMED");
    assert.equal(ticket.claimedAnonymousUserId, guest.userId);
    assert.equal(await refusal(refresh, { token: device.refreshToken }), "UNAUTHENTICATED SESSION_REPLACED SIGN_IN");

    const { currentShopper } = await ask(sessions, {}, bearing(ticket));
    const current = currentShopper.sessions.filter(({ isCurrent }) => isCurrent).map(({ id }) => id);
    assert.deepEqual(current, [ticket.sessionId]);
    assert.ok(!currentShopper.sessions.some(({ id }) => id === device.sessionId));
  });

  test("reports the outcome of a claim", async () => {
    const { ask } = connect(shop);
    const { ticket: guest } = await ask(anonymous);
    await ask(signOut, { token: guest.refreshToken });
    const claims = { SIGNED_OUT: guest.refreshToken, TOKEN_INVALID: "undefined", NOTHING_TO_CLAIM: null };
    for (const [claim, previousRefreshToken] of Object.entries(claims)) {
      const { ticket } = await ask(signIn, { input: { ...demo.input, previousRefreshToken } });
      assert.equal(ticket.claim, claim);
      assert.equal(ticket.claimedAnonymousUserId, null);
    }
  });

  test("with a wrong password is tried once by links that refresh on UNAUTHENTICATED", async () => {
    const recipe = mendWith((error) => (error?.extensions?.code === "UNAUTHENTICATED" ? Promise.resolve() : undefined));
    const { refusal, exchanges } = connect(shop, { links: [recipe] });
    const wrong = { input: { ...demo.input, password: "wrong" } };
    assert.equal(await refusal(signIn, wrong), "BAD_USER_INPUT INVALID_CREDENTIALS FIX_INPUT");
    assert.equal(exchanges.length, 1);
  });

  test("is proven by the access token alone", async () => {
    const { ask, refusal } = connect(shop);
    const { ticket } = await ask(signIn, demo);
    assert.equal((await ask(whoAmI, {}, bearing(ticket))).currentShopper.customerAccount.userName, "demo");
    const mistaken = bearing({ accessToken: ticket.refreshToken });
    assert.equal(await refusal(whoAmI, {}, mistaken), "UNAUTHENTICATED TOKEN_INVALID SIGN_IN");
  });

  test("and signing out", async () => {
    const { ask, refusal } = connect(shop);
    const { refreshToken: token } = (await ask(signIn, demo)).ticket;
    assert.equal((await ask(signOut, { token })).revokeTicket.sessionsEnded, 1);
    assert.equal((await ask(signOut, { token })).revokeTicket.sessionsEnded, 0);
    assert.equal(await refusal(refresh, { token }), "UNAUTHENTICATED SIGNED_OUT SIGN_IN");
  });

  test("and signing out with a used token", async () => {
    const { ask, refusal } = connect(shop);
    const { refreshToken: used } = (await ask(signIn, demo)).ticket;
    const { refreshToken: token } = (await ask(refresh, { token: used })).ticket;
    assert.equal((await ask(signOut, { token: used })).revokeTicket.sessionsEnded, 1);
    assert.equal(await refusal(refresh, { token }), "UNAUTHENTICATED SIGNED_OUT SIGN_IN");
  });
}
