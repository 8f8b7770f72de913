// Code of an application. It is checked against the packed package, with each way to resolve it.
import { ApolloClient, ApolloLink, HttpLink, InMemoryCache } from "@apollo/client/core";
import {
  type Claim,
  createShopper,
  memoryStore,
  pageStore,
  type Session,
  ShopperError,
  type ShopperState,
  type TicketStore,
} from "@authtickets/client";
import { clearOnChange, shopperLink } from "@authtickets/client/apollo";
import { serverShopper, shopperHandler } from "@authtickets/client/next";
import { useShopper } from "@authtickets/client/react";
import { createFakeServer } from "@authtickets/client/testing";
import { shopperExchange } from "@authtickets/client/urql";
import { Client, fetchExchange } from "@urql/core";

const server = createFakeServer();
export const shopper = createShopper({
  endpoint: "https://tickets.example/graphql",
  application: "storefront",
  storage: memoryStore,
  fetch: server.fetch,
  onClaim: async ({ anonymousUserId, userId, proof }: Claim) => void [anonymousUserId, userId, proof],
});

export const apollo = new ApolloClient({
  link: ApolloLink.from([shopperLink(shopper, { jwt: true }), new HttpLink({ uri: "https://shop.example/graphql" })]),
  cache: new InMemoryCache(),
});
export const stop: () => void = clearOnChange(apollo, shopper);

export const urql = new Client({
  url: "https://shop.example/graphql",
  preferGetMethod: false,
  exchanges: [shopperExchange(shopper), fetchExchange],
});

export const POST: (request: Request) => Promise<Response> = shopperHandler({
  endpoint: "https://tickets.example/graphql",
});

/** As `cookies()` of next/headers has it. */
interface NextCookies {
  get(name: string): { name: string; value: string } | undefined;
  set(...args: [key: string, value: string, cookie?: Partial<NextCookie>] | [options: NextCookie]): this;
}

interface NextCookie {
  name: string;
  value: string;
  httpOnly?: boolean | undefined;
  secure?: boolean | undefined;
  sameSite?: true | false | "lax" | "strict" | "none" | undefined;
  path?: string | undefined;
  maxAge?: number | undefined;
}

export async function render(cookies: NextCookies, headers: Headers): Promise<Response> {
  const shopper = serverShopper({ endpoint: "https://tickets.example/graphql", cookies, headers });
  return shopper.fetch("https://shop.example/cart");
}

export function greet(): string {
  const state: ShopperState = useShopper(shopper);
  switch (state.status) {
    case "starting":
      return "";
    case "ended":
      return state.reason;
    case "anonymous":
      return state.reason ?? "Welcome";
    case "customer":
      return state.userId;
  }
}

export async function day(): Promise<Session[]> {
  const store: TicketStore = await pageStore("key");
  store.close();
  const token: string = await shopper.accessToken({ jwt: true });
  try {
    const { claimedAnonymousUserId } = await shopper.signIn({ username: token, password: token });
    if (claimedAnonymousUserId) await shopper.endSession(claimedAnonymousUserId);
    await shopper.signOut({ everywhere: true });
  } catch (error) {
    if (error instanceof ShopperError && error.retryAfterSeconds) return [];
  }
  return shopper.sessions();
}
