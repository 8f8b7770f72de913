import assert from "node:assert/strict";
import { before, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { server } from "../server.js";
import { bearing } from "./connect.js";
import { anonymous, demo, refresh, signIn, whoAmI } from "./documents.js";

const twenty = (ask) => Promise.all(Array.from({ length: 20 }, () => ask()));
const expired = ({ text }) => text.includes('"TOKEN_EXPIRED"');
const attempt = "a".repeat(32);
const different = (exchanges) => new Set(exchanges.map(({ text }) => text)).size;

export function refreshing(connect, { ApolloLink, RetryLink, mendWith }) {
  const shop = server("--access-lifetime=2s", "--reuse-window=2s");
  let alone;
  let crowded;
  let stolen;
  let successor;
  let interrupted;
  let lost;
  before(async () => {
    const { ask } = connect(shop);
    const customer = async () => (await ask(signIn, demo)).ticket;
    alone = await customer();
    crowded = await customer();
    stolen = await customer();
    successor = (await ask(refresh, { token: stolen.refreshToken })).ticket;
    interrupted = await customer();
    lost = (await ask(refresh, { token: interrupted.refreshToken, attempt })).ticket;
    await sleep(2100); // access tokens expire, and the reuse window ends
  });

  // A client that sends the ticket's access token. Each of its operations refreshes by itself, so
  // together they act like many tabs.
  function shopper(ticket) {
    const office = connect(shop);
    const auth = new ApolloLink((operation, forward) => {
      operation.setContext({ ...bearing(ticket), ticket });
      return forward(operation);
    });
    const mend = mendWith((error, operation) => {
      if (error?.extensions?.nextStep !== "REFRESH") return;
      const { refreshToken } = operation.getContext().ticket;
      return office.ask(refresh, { token: refreshToken }).then((data) => (ticket = data.ticket));
    });
    return { office, ...connect(shop, { links: [mend, auth] }) };
  }

  test("an error link refreshes the expired ticket and repeats the operation", async () => {
    const { ask, exchanges, office } = shopper(alone);
    assert.equal((await ask(whoAmI)).currentShopper.customerAccount.userName, "demo");
    assert.deepEqual(exchanges.map(expired), [true, false]);
    assert.equal(office.exchanges.length, 1);
  });

  test("20 operations at once refresh one expired ticket, and all get the same next one", async () => {
    const { ask, exchanges, office } = shopper(crowded);
    for (const { currentShopper } of await twenty(() => ask(whoAmI))) {
      assert.equal(currentShopper.customerAccount.userName, "demo");
    }
    assert.equal(exchanges.length, 40);
    assert.equal(exchanges.filter(expired).length, 20);
    assert.equal(office.exchanges.length, 20);
    assert.equal(different(office.exchanges), 1);
  });

  for (const [who, ...operation] of [
    ["a customer", signIn, demo],
    ["an anonymous shopper", anonymous],
  ]) {
    test(`20 refreshes of ${who} at once give one ticket, byte for byte`, async () => {
      const { refreshToken: token } = (await connect(shop).ask(...operation)).ticket;
      const { ask, exchanges } = connect(shop);
      const [{ ticket }] = await twenty(() => ask(refresh, { token }));
      assert.equal(exchanges.length, 20);
      assert.equal(different(exchanges), 1);
      assert.notEqual(ticket.refreshToken, token);
      assert.ok(await ask(whoAmI, {}, bearing(ticket)));
    });

    test(`a retry gets the ticket of ${who} whose answer got lost`, async () => {
      const { refreshToken: token } = (await connect(shop).ask(...operation)).ticket;
      const retry = new RetryLink({ delay: { initial: 1 }, attempts: { max: 2 } });
      const { ask, exchanges } = connect(shop, { links: [retry], lost: 1 });
      const { ticket } = await ask(refresh, { token });
      assert.equal(exchanges.length, 2);
      assert.equal(different(exchanges), 1);
      assert.equal(exchanges[0].answer.data.ticket.refreshToken, ticket.refreshToken);
    });
  }

  test("the attempt gets the same ticket, even after the reuse window", async () => {
    const { ask, exchanges } = connect(shop);
    const { ticket } = await ask(refresh, { token: interrupted.refreshToken, attempt });
    assert.deepEqual(ticket, lost);
    await twenty(() => ask(refresh, { token: interrupted.refreshToken, attempt }));
    assert.equal(different(exchanges), 1);
    assert.ok(await ask(refresh, { token: ticket.refreshToken, attempt: attempt.replaceAll("a", "b") }));
  });

  test("a malformed attempt is refused, and does not use up the token", async () => {
    const { refreshToken: token } = (await connect(shop).ask(anonymous)).ticket;
    const { ask, refusal } = connect(shop);
    for (const malformed of ["", "short", "undefined", "a-b".repeat(8), "a".repeat(65)]) {
      assert.equal(await refusal(refresh, { token, attempt: malformed }), "BAD_USER_INPUT ATTEMPT_INVALID FIX_INPUT");
    }
    assert.ok(await ask(refresh, { token, attempt }));
  });

  test("a token used again after the reuse window ends the session", async () => {
    const { refusal } = connect(shop);
    for (const { refreshToken: token } of [stolen, successor]) {
      assert.equal(await refusal(refresh, { token }), "UNAUTHENTICATED TOKEN_REUSED SIGN_IN");
    }
  });
}
