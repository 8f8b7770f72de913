import { Client, fetchExchange, gql } from "@urql/core";
import { describe, expect, it } from "vitest";

import { shopperExchange } from "../src/urql.js";
import { browser, count, demo, endpoint, eve, living } from "./tabs.js";

const ME = gql`
  query Me {
    currentShopper {
      userId
    }
  }
`;
const ORDER = gql`
  mutation Order {
    order
  }
`;
const rest = (duration: number) => new Promise((resolve) => setTimeout(resolve, duration));

function shop() {
  const { server, open } = browser({ answer: ({ shopper }) => ({ order: shopper?.userId }) });
  const shopper = open();
  const client = new Client({
    url: endpoint,
    preferGetMethod: false,
    fetch: server.fetch,
    exchanges: [shopperExchange(shopper), fetchExchange],
    fetchOptions: { headers: { "x-own": "kept" } },
  });
  const me = async () => (await client.query(ME, {}, { requestPolicy: "network-only" }).toPromise()) as any;
  const order = () => client.mutation(ORDER, {}).toPromise();
  return { server, shopper, client, me, order };
}

describe("the urql exchange", () => {
  it("sends the token of the shopper", async () => {
    const { shopper, me } = shop();
    const { userId } = await shopper.bearer();
    expect((await me()).data.currentShopper.userId).toBe(userId);
  });

  it("repeats an operation once with another token", async () => {
    const { server, me } = shop();
    await me();
    server.fail({ shift: 1000_000 }, { on: "currentShopper" });
    expect((await me()).error).toBeUndefined();
    expect(count(server, "refreshTicket")).toBe(1);

    server.fail({ shift: 1000_000 }, { on: "currentShopper", times: 2 });
    expect((await me()).error.message).toContain("TOKEN_EXPIRED");
    expect(count(server, "currentShopper")).toBe(5);
  });

  it("repeats a query in flight for the new shopper", async () => {
    const { server, shopper, me } = shop();
    await me();
    server.fail({ delay: 500 }, { on: "currentShopper" });
    const inFlight = me();
    await rest(50);
    const { userId } = await shopper.signIn(demo);
    expect((await inFlight).data.currentShopper.userId).toBe(userId);
  });

  it("does not order for another shopper", async () => {
    const { server, shopper, order } = shop();
    await shopper.signIn(demo);
    server.end(living(server)[0]!.id, "SESSION_ENDED");
    expect((await order()).error).toMatchObject({ networkError: { reason: "SHOPPER_CHANGED" } });

    await shopper.signIn(demo);
    server.fail({ delay: 500 });
    const late = order();
    await rest(50);
    await shopper.signIn(eve);
    expect((await late).error).toMatchObject({ networkError: { reason: "SHOPPER_CHANGED" } });
    expect(count(server, "Order")).toBe(2);
  });

  it("sends nothing for an operation that was cancelled while it waited", async () => {
    const { server, client } = shop();
    server.fail({ delay: 500 }, { on: "anonymousShopperTicket" });
    client
      .query(ME, {})
      .subscribe(() => {})
      .unsubscribe();
    await rest(700);
    expect(count(server, "currentShopper")).toBe(0);
  });

  it("reports that the ticket server cannot be reached", async () => {
    const { server, me } = shop();
    server.isOffline = true;
    expect((await me()).error).toMatchObject({ networkError: { reason: "UNREACHABLE" } });
  });
});
