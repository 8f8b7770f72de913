import { ApolloClient, ApolloLink, HttpLink, InMemoryCache } from "@apollo/client";
import { createShopper } from "@authtickets/client";
import { clearOnChange, shopperLink } from "@authtickets/client/apollo";
import { notingFetch } from "./Inspector";

const endpoint = "/graphql";
const application = "storefront";

// One for all of the page, and one ticket for all tabs.
export const shopper = createShopper({
  endpoint,
  application,
  fetch: notingFetch,

  // Only the ticket of the sign-in proves the claim, so that one is sent, and not the newest.
  // Refused with 401, it has expired or its session has ended: then there is nothing left to prove,
  // and the claim is given up. After any other failure the package calls again, also after a
  // reload. The cart service merges once.
  async onClaim({ proof }) {
    const headers = { authorization: `Bearer ${proof}` };
    const response = await fetch("/cart/claim", { method: "POST", headers, signal: AbortSignal.timeout(8_000) });
    if (!response.ok && response.status !== 401) throw new Error("the cart service has not taken the claim");
    new BroadcastChannel("cart").postMessage("merged");
  },
});

const http = new HttpLink({ uri: endpoint, headers: { "x-application": application } });

export const client = new ApolloClient({
  link: ApolloLink.from([shopperLink(shopper), http]),
  cache: new InMemoryCache({
    typePolicies: { Shopper: { keyFields: ["userId"] }, CustomerAccount: { keyFields: ["userId"] } },
  }),
});

clearOnChange(client, shopper);
