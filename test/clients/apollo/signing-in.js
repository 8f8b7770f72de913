import assert from "node:assert/strict";
import { test } from "node:test";
import { gql } from "graphql-tag";
import { server } from "../server.js";
import { bearing } from "./connect.js";
import { anonymous, demo, refresh, signIn, signOut, whoAmI } from "./documents.js";

export function signingIn(connect) {
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

  test("and being known by the access token alone", async () => {
    const { ask, refusal } = connect(shop);
    const { ticket } = await ask(signIn, demo);
    assert.equal((await ask(whoAmI, {}, bearing(ticket))).currentShopper.customerAccount.userName, "demo");
    const mistaken = bearing({ accessToken: ticket.refreshToken });
    assert.equal(await refusal(whoAmI, {}, mistaken), "UNAUTHENTICATED TOKEN_INVALID SIGN_IN");
  });

  test("and out", async () => {
    const { ask, refusal } = connect(shop);
    const { refreshToken: token } = (await ask(signIn, demo)).ticket;
    assert.equal((await ask(signOut, { token })).revokeTicket.sessionsEnded, 1);
    assert.equal((await ask(signOut, { token })).revokeTicket.sessionsEnded, 0);
    assert.equal(await refusal(refresh, { token }), "UNAUTHENTICATED SIGNED_OUT SIGN_IN");
  });
}
