import * as apollo4 from "@apollo/client/core";
import * as apollo3 from "apollo-client-3/core";
import { afterEach, describe, expect, it, vi } from "vitest";

import { browser, count, demo, endpoint, eve, living } from "./tabs.js";

const versions = { 3: apollo3, 4: apollo4 } as unknown as Record<string, typeof apollo4>;

afterEach(() => vi.doUnmock("@apollo/client/core"));

describe.each(["3", "4"])("with Apollo Client %s", (version) => {
  const { ApolloClient, ApolloLink, gql, HttpLink, InMemoryCache } = versions[version]!;

  const ME = gql`
    query Me {
      currentShopper {
        userId
        isAnonymous
      }
    }
  `;
  const ORDER = gql`
    mutation Order {
      order
    }
  `;

  async function shop() {
    vi.resetModules();
    vi.doMock("@apollo/client/core", () => versions[version]!);
    const { clearOnChange, shopperLink } = await import("../src/apollo.js");

    const { server, open } = browser({
      answer({ query, shopper }) {
        if (query.includes("nothing")) throw new Error("There is no such field.");
        return { order: shopper?.userId };
      },
    });
    const shopper = open();
    const http = new HttpLink({ uri: endpoint, fetch: server.fetch });
    const client = new ApolloClient({
      link: ApolloLink.from([shopperLink(shopper), http]),
      cache: new InMemoryCache(),
    });
    const stop = clearOnChange(client, shopper);
    const me = async () => {
      const context = { queryDeduplication: false };
      const { data } = await client.query({ query: ME, fetchPolicy: "network-only", context });
      return data as { currentShopper: { userId: string } };
    };
    const order = () => client.mutate({ mutation: ORDER });
    const watch = () => {
      const seen: (string | undefined)[] = [];
      const failures: unknown[] = [];
      client.watchQuery({ query: ME }).subscribe({
        next: ({ data }) => {
          const userId = (data as { currentShopper?: { userId: string } } | undefined)?.currentShopper?.userId;
          if (userId && seen.at(-1) !== userId) seen.push(userId);
        },
        error: (error: unknown) => failures.push(error),
      });
      return { seen, failures };
    };
    return { server, shopper, client, me, order, watch, stop };
  }

  it("sends the token of the shopper", async () => {
    const { shopper, me } = await shop();
    const { userId } = await shopper.bearer();
    expect(await me()).toMatchObject({ currentShopper: { userId } });
  });

  it("repeats an operation once with another token, for all that wait with one refresh", async () => {
    const { server, me } = await shop();
    await me();
    server.clockOffset = 1000_000;
    await Promise.all([me(), me(), me()].map((asked) => expect(asked).resolves.toBeDefined()));
    expect(count(server, "refreshTicket")).toBe(1);
  });

  it("hands over the second refusal", async () => {
    const { server, me } = await shop();
    await me();
    server.fail({ shift: 1000_000 }, { on: "currentShopper", times: 2 });
    await expect(me()).rejects.toThrow("TOKEN_EXPIRED");
    expect(count(server, "currentShopper")).toBe(3);
  });

  it("hands over an error that is not about the token, once", async () => {
    const { server, client } = await shop();
    await expect(
      client.query({
        query: gql`
          query Nothing {
            nothing
          }
        `,
      }),
    ).rejects.toBeDefined();
    expect(server.requests.filter((name) => name === "Nothing")).toHaveLength(1);
  });

  it("clears the cache when the shopper changes, without rejecting a query in flight", async () => {
    const { server, shopper, me, watch } = await shop();
    const { seen, failures } = watch();
    await vi.waitFor(() => expect(seen).toHaveLength(1));

    server.fail({ delay: 500 }, { on: "currentShopper" });
    const inFlight = me();
    const { userId } = await shopper.signIn(demo);
    expect(await inFlight).toMatchObject({ currentShopper: { userId } });
    await vi.waitFor(() => expect(seen.at(-1)).toBe(userId));
    expect(failures).toEqual([]);
  });

  it("drops an answer meant for the previous shopper", async () => {
    const { server, shopper, client, me } = await shop();
    const { userId } = await shopper.signIn(demo);
    server.fail({ delay: 500 }, { on: "currentShopper" });
    const late = me();
    await new Promise((resolve) => setTimeout(resolve, 50));
    await shopper.signOut();
    expect((await late).currentShopper.userId).not.toBe(userId);
    expect(JSON.stringify(client.cache.extract())).not.toContain(userId);
  });

  it("does not order for another shopper", async () => {
    const { server, shopper, order } = await shop();
    await shopper.signIn(demo);
    server.end(living(server)[0]!.id, "SESSION_ENDED");
    await expect(order()).rejects.toThrow("SHOPPER_CHANGED");
    expect(count(server, "Order")).toBe(1);
  });

  it("drops the answer of an order that comes for the previous shopper", async () => {
    const { server, shopper, order } = await shop();
    await shopper.signIn(demo);
    server.fail({ delay: 500 }, { on: undefined as never });
    const late = order();
    const failed = expect(late).rejects.toThrow("SHOPPER_CHANGED");
    await new Promise((resolve) => setTimeout(resolve, 50));
    await shopper.signIn(eve);
    await failed;
  });

  it("sends nothing for an operation that was cancelled while it waited", async () => {
    const { server, client } = await shop();
    server.fail({ delay: 300 }, { on: "anonymousShopperTicket" });
    const subscription = client.watchQuery({ query: ME }).subscribe({ next: () => {} });
    subscription.unsubscribe();
    await new Promise((resolve) => setTimeout(resolve, 500));
    expect(count(server, "currentShopper")).toBe(0);
  });

  it("ends an operation whose next link throws", async () => {
    const { shopper } = await shop();
    const { shopperLink } = await import("../src/apollo.js");
    const broken = new ApolloLink(() => {
      throw new Error("A link fails.");
    });
    const client = new ApolloClient({
      link: ApolloLink.from([shopperLink(shopper), broken]),
      cache: new InMemoryCache(),
    });
    await expect(client.query({ query: ME })).rejects.toThrow("A link fails.");
  });

  it("reports that the ticket server cannot be reached", async () => {
    const { server, me } = await shop();
    server.isOffline = true;
    await expect(me()).rejects.toMatchObject({ message: expect.stringContaining("UNREACHABLE") });
  });

  it("stops clearing the cache", async () => {
    const { shopper, client, me, stop } = await shop();
    await me();
    stop();
    await shopper.signIn(demo);
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(Object.keys(client.cache.extract() as object)).not.toEqual([]);
  });
});
