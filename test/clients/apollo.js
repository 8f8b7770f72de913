import { describe } from "node:test";
import { connector } from "./apollo/connect.js";
import { persistedQueries } from "./apollo/persisted-queries.js";
import { refreshing } from "./apollo/refreshing.js";
import { refusals } from "./apollo/refusals.js";
import { signingIn } from "./apollo/signing-in.js";

// What a page relies on, with one version of Apollo Client. `apollo` has its classes, and functions
// for what differs between versions:
//
//   graphQLErrors(error)       the GraphQL errors of a failed operation; none if the network failed
//   errorsOf413(error)         the GraphQL errors in an answer with the status 413
//   mendWith(mend)             a link that calls mend(error, operation) for the first error of an
//                              operation; if it returns a promise, the link waits and then repeats
//   persistedQueries(options)  a link that sends hashes
export function cases(name, apollo) {
  const connect = connector(apollo);
  describe(name, () => {
    describe("signing in", () => signingIn(connect, apollo));
    describe("refreshing", () => refreshing(connect, apollo));
    describe("persisted queries", () => persistedQueries(connect, apollo));
    describe("refusals", () => refusals(connect, apollo)); // last, because it also checks the refusals of the others
  });
}
