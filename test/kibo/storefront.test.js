import assert from "node:assert/strict";
import { before, describe, test } from "node:test";
import { ask, claimsOf, demo, shop, wrong } from "./shop.js";
import { behaviorsOf } from "./storefront.js";

const tickets = "commerce/customer/authtickets";

describe("what storefronts read", async () => {
  const kibo = await shop();
  const plain = kibo.application("plain");
  const numbered = kibo.application(
    "numbered",
    "--behaviors=cart.write,order.read,order.cancel,profile.write,unknown",
    "--anonymous-behaviors=cart.write",
    "--behavior-numbers=cart.write=5,order.read=31,order.cancel=32,profile.write=1014",
  );

  const authorize = async ({ clientId, sharedSecret }) => {
    const body = { client_id: clientId, client_secret: sharedSecret, grant_type: "client_credentials" };
    const { content } = await ask(kibo, "POST", "platform/applications/authtickets/oauth", body);
    return { authorization: `Bearer ${content.access_token}` };
  };
  let plainly;
  let numberedly;
  before(async () => {
    plainly = await authorize(plain);
    numberedly = await authorize(numbered);
  });

  test("the JWT of a customer has the numbers of the behaviors", async () => {
    const { content } = await ask(kibo, "POST", tickets, demo, numberedly);
    assert.deepEqual(behaviorsOf(claimsOf(content)), [5, 31, 32, 1014]);
  });

  test("the JWT of an anonymous shopper has them", async () => {
    const { content } = await ask(kibo, "GET", `${tickets}/anonymousshopper`, undefined, numberedly);
    assert.deepEqual(behaviorsOf(claimsOf(content)), [5]);
  });

  test("the JWT has an empty list if behaviors have no numbers", async () => {
    const { content } = await ask(kibo, "POST", tickets, demo, plainly);
    assert.deepEqual(behaviorsOf(claimsOf(content)), []);
  });

  test("a path works with a slash at its end, and with an empty responseFields", async () => {
    for (const end of ["", "/", "?responseFields=", "/?responseFields="]) {
      const anonymous = await ask(kibo, "GET", `${tickets}/anonymousshopper${end}`, undefined, plainly);
      assert.equal(anonymous.status, 200);
      const customer = await ask(kibo, "POST", tickets + end, demo, plainly);
      assert.equal(customer.status, 200);
      assert.equal(customer.headers.get("cache-control"), "no-store");
    }
  });

  test("text instead of an application's token is refused", async () => {
    for (const authorization of ["Bearer undefined", "Bearer null", "Bearer ", "Basic YTpi"]) {
      const { status, content } = await ask(kibo, "POST", tickets, demo, { authorization });
      assert.equal(`${status} ${content.errorCode}`, "401 UNAUTHORIZED", authorization);
    }
  });

  test("an error has all that clients log", async () => {
    const { status, headers, content } = await ask(kibo, "POST", tickets, wrong, plainly);
    const { correlationId, message } = content;
    assert.equal(status, 400);
    assert.equal(headers.get("x-vol-correlation"), correlationId);
    assert.match(headers.get("content-type"), /^application\/json/);
    const common = { applicationName: "authtickets", errorCode: "INVALID_CREDENTIALS", message };
    const additionalErrorData = [
      { name: "reason", value: "INVALID_CREDENTIALS" },
      { name: "nextStep", value: "FIX_INPUT" },
    ];
    const items = [{ ...common, additionalErrorData }];
    assert.deepEqual(content, { ...common, correlationId, items, additionalErrorData });
  });

  test("there is nothing else below /api", async () => {
    const { status, content } = await ask(kibo, "GET", "commerce/carts/current", undefined, plainly);
    assert.equal(`${status} ${content.errorCode}`, "404 ITEM_NOT_FOUND");
  });
});
