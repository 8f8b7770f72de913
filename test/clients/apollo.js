import { describe } from "node:test";
import { connector } from "./apollo/connect.js";
import { persistedQueries } from "./apollo/persisted-queries.js";
import { refreshing } from "./apollo/refreshing.js";
import { refusals } from "./apollo/refusals.js";
import { signingIn } from "./apollo/signing-in.js";

// What a page relies on, with one version of Apollo Client. `apollo` has its classes, and one form for what differs between versions:
//
//   graphQLErrors(error)       the errors of GraphQL that an operation has failed with; none when the network has failed
//   errorsOf413(error)         those that came under the status 413
//   mendWith(mend)             a link that repeats an operation after the promise that mend(error, operation) gives for its first error, if any
//   persistedQueries(options)  a link that sends hashes
export function cases(name, apollo) {
  const connect = connector(apollo);
  describe(name, () => {
    describe("signing in", () => signingIn(connect, apollo));
    describe("refreshing", () => refreshing(connect, apollo));
    describe("persisted queries", () => persistedQueries(connect, apollo));
    describe("refusals", () => refusals(connect, apollo)); // last, as it also looks at those of the others
  });
}
