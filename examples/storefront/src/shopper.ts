import { ApolloClient, ApolloLink, HttpLink, InMemoryCache } from "@apollo/client";
import { createShopper } from "@authtickets/client";
import { clearOnChange, shopperLink } from "@authtickets/client/apollo";
import { notingFetch } from "./Inspector";

const endpoint = "/graphql";
const application = "storefront";

// The whole page uses this one, and all tabs share one ticket.
export const shopper = createShopper({
  endpoint,
  application,
  fetch: notingFetch,

  // Only the ticket of the sign-in proves the claim, so the newest ticket would not do. A 401 means
  // that the ticket has expired or that its session has ended. Then nothing can be proven, and the
  // claim is given up. After any other failure the package calls again, also after a reload. The
  // cart service merges once.
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
