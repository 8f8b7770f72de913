// Walks a shopper through a shop. Start the server with tickets that live three seconds, so that there is something to refresh:
//
//   go run . --demo --access-lifetime 3s --reuse-window 3s
//
// and then, in this folder: npm install && npm start

import { gql } from "@apollo/client";
import { createShopper, failure } from "./tickets.js";

const uri = process.env.AUTHTICKETS_URL ?? "http://127.0.0.1:8080/graphql";
const whoAmI = gql`
  query WhoAmI {
    currentShopper {
      userId
      isAnonymous
      customerAccount {
        userName
        firstName
      }
    }
  }
`;

// A browser's is localStorage. This one counts the tickets.
let tickets = 0;
const texts = new Map();
const store = {
  getItem: (key) => texts.get(key) ?? null,
  setItem(key, text) {
    texts.set(key, text);
    tickets++;
  },
};

let shopper = createShopper({ uri, store });
const ask = async () => {
  // Apollo would make one request of twenty equal ones.
  const context = { queryDeduplication: false };
  const { data } = await shopper.client.query({ query: whoAmI, fetchPolicy: "network-only", context });
  return data.currentShopper;
};
const step = (name, value) => console.log(name.padEnd(34), value);

step("first question, anonymous:", (await ask()).isAnonymous);

try {
  await shopper.signIn("demo", "wrong");
} catch (error) {
  const { code, reason, nextStep } = failure(error);
  step("wrong password:", `${code} ${reason} ${nextStep}`);
}

const { claimedAnonymousUserId } = await shopper.signIn("demo", "correct horse battery staple");
step("signed in, cart to merge from:", claimedAnonymousUserId);
step("who am I:", (await ask()).customerAccount.userName);

const questions = () => Promise.all(Array.from({ length: 20 }, ask));
const sleep = (seconds) => new Promise((resolve) => setTimeout(resolve, seconds * 1000));

let before = tickets;
await sleep(4);
await questions();
step("20 questions later, refreshes:", tickets - before);

// The answer to a refresh gets lost, and the tab is closed. Another one is opened after the reuse
// window.
const { fetch } = globalThis;
globalThis.fetch = async (...request) => {
  await fetch(...request);
  throw new TypeError("the answer got lost");
};
await sleep(4);
await ask().catch(() => {});
globalThis.fetch = fetch;
await sleep(4);
shopper = createShopper({ uri, store });
step("after a lost answer, I am:", (await ask()).customerAccount.userName);

// A laptop that slept: the page's clock stood still, so it learns from the server that the ticket has expired.
const now = performance.now();
performance.now = () => now;
before = tickets;
await sleep(4);
await questions();
step("20 after a sleep, refreshes:", tickets - before);

step("signed out, sessions ended:", await shopper.signOut());
step("anonymous again:", (await ask()).isAnonymous);
