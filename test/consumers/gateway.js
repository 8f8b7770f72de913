import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { ApolloServer } from "@apollo/server";
import { startStandaloneServer } from "@apollo/server/standalone";
import { buildSubgraphSchema } from "@apollo/subgraph";
import { parse } from "graphql";
import { ask } from "./ask.js";
import { files } from "./guide.js";

const customer = (userId) => ({ __typename: "CustomerAccount", userId });

// A subgraph in which an order has the id of its customer.
const orders = new ApolloServer({
  schema: buildSubgraphSchema({
    typeDefs: parse(files["orders.graphqls"]),
    resolvers: {
      Query: { order: (_, { id }) => ({ id, customer: customer(id) }) },
      CustomerAccount: { orders: ({ userId }) => [{ id: userId, customer: customer(userId) }] },
    },
  }),
});

const password = "correct horse battery staple";
const signIn = (password) => ({
  query: `
    mutation SignIn($password: String!) {
      ticket: createUserTicket(input: { username: "demo", password: $password }) {
        accessToken
        userId
        customerAccount { firstName orders { id } }
      }
    }
  `,
  variables: { password },
});
const order = (id) => ({
  query: "query Order($id: ID!) { order(id: $id) { id customer { firstName } } }",
  variables: { id },
});
const bearing = ({ accessToken }) => ({ authorization: `Bearer ${accessToken}` });

function refusal({ errors }) {
  assert.equal(errors?.length, 1);
  const { code, reason, nextStep } = errors[0].extensions;
  return `${code} ${reason} ${nextStep}`;
}

// Tests the gateway of docs/clients.md, which is compiled in the folder, with the server and
// another subgraph.
export function gateway(shop, folder) {
  describe("through Apollo Gateway", () => {
    let url;
    let stop;
    const gateway = (...request) => ask(url, ...request);

    before(async () => {
      const { url: ordersUrl } = await startStandaloneServer(orders, { listen: { port: 0 } });
      const { startGateway } = await import(`${folder}/out/gateway.js`);
      const subgraphs = [{ name: "authtickets", url: shop.uri }, { name: "orders", url: ordersUrl }];
      ({ url, stop } = await startGateway(subgraphs, 0));
    });

    after(async () => {
      await stop();
      await orders.stop();
    });

    test("a customer signs in, and has orders", async () => {
      const { data } = await gateway(signIn(password));
      const { userId, customerAccount } = data.ticket;
      assert.deepEqual(customerAccount, { firstName: "Dana", orders: [{ id: userId }] });
    });

    test("a wrong password is refused like without a gateway", async () => {
      const answer = await gateway(signIn("wrong"));
      assert.equal(refusal(answer), "BAD_USER_INPUT INVALID_CREDENTIALS FIX_INPUT");
      assert.equal(answer.data, null);
    });

    test("after wrong passwords from one address, no other address must wait", async () => {
      const guess = async (address) => refusal(await gateway(signIn("wrong"), { "x-forwarded-for": address }));
      for (let i = 0; i < 5; i++) await guess("198.51.100.7");
      assert.equal(await guess("198.51.100.7"), "TRY_AGAIN TOO_MANY_ATTEMPTS WAIT");
      assert.equal(await guess("198.51.100.8"), "BAD_USER_INPUT INVALID_CREDENTIALS FIX_INPUT");
    });

    test("an order leads to the shopper's own account", async () => {
      const { ticket } = (await gateway(signIn(password))).data;
      const id = ticket.userId;
      const answer = await gateway(order(id), bearing(ticket));
      assert.deepEqual(answer, { data: { order: { id, customer: { firstName: "Dana" } } } });
    });

    test("an order leads to no account of another shopper", async () => {
      const { ticket } = (await gateway(signIn(password))).data;
      const id = "0".repeat(32);
      const answer = await gateway(order(id), bearing(ticket));
      assert.equal(refusal(answer), "FORBIDDEN NOT_ALLOWED FIX_INPUT");
      assert.deepEqual(answer.data, { order: { id, customer: { firstName: null } } });
    });

    test("an order leads to no account without a token", async () => {
      const { ticket } = (await gateway(signIn(password))).data;
      const id = ticket.userId;
      const answer = await gateway(order(id));
      assert.equal(refusal(answer), "UNAUTHENTICATED TOKEN_MISSING SIGN_IN");
      assert.deepEqual(answer.data, { order: { id, customer: { firstName: null } } });
    });
  });
}
