import { createShopper } from "@authtickets/client";

const period = 900; // milliseconds from one query to the next
const body = JSON.stringify({ query: "query Who { currentShopper { userId isAnonymous } }" });
const endpoint = new URL("/graphql", location.href).href;

// The harness gives every page the function report(what, details).
const shopper = createShopper({
  endpoint,
  application: "storefront",
  onClaim: ({ anonymousUserId, userId }) => report("claim", { anonymousUserId, userId }),
});

let asked = 0;

// Sends one query of a storefront, and returns the shopper. It reports a failure if the request
// throws, or if the answer has no data.
async function ask() {
  const id = ++asked;
  report("asked", { id });
  try {
    const headers = { "content-type": "application/json" };
    const response = await shopper.fetch(endpoint, { method: "POST", headers, body });
    const { data, errors } = await response.json();
    if (errors) throw new Error(errors[0].extensions?.reason ?? errors[0].message);
    report("answered", { id, ...data.currentShopper });
    return data.currentShopper;
  } catch (error) {
    report("failed", { id, error: `${error.name}: ${error.message}` });
  }
}

let timer;
const stop = () => clearInterval(timer);
const poll = () => (stop(), ask(), (timer = setInterval(ask, period)));

const reportState = () => report("state", shopper.getState());
report("loaded");
reportState();
shopper.subscribe(reportState);
window.storefront = { shopper, ask, poll, stop };
if (location.hash !== "#idle") poll();
