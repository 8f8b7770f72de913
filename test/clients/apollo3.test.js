import assert from "node:assert/strict";
import { ApolloClient, ApolloLink, HttpLink, InMemoryCache, fromPromise } from "apollo-client-3/core/index.js";
import { onError } from "apollo-client-3/link/error/index.js";
import { createPersistedQueryLink } from "apollo-client-3/link/persisted-queries/index.js";
import { RetryLink } from "apollo-client-3/link/retry/index.js";
import { cases } from "./apollo.js";

cases("Apollo Client 3", {
  ApolloClient,
  ApolloLink,
  HttpLink,
  InMemoryCache,
  RetryLink,
  persistedQueries: createPersistedQueryLink,
  graphQLErrors: (error) => error.graphQLErrors ?? [],
  errorsOf413: ({ graphQLErrors, networkError }) => {
    assert.deepEqual(graphQLErrors, []);
    assert.equal(networkError.name, "ServerError");
    assert.equal(networkError.statusCode, 413);
    return networkError.result.errors;
  },
  mendWith: (mend) =>
    onError(({ graphQLErrors: [refused] = [], operation, forward }) => {
      const mended = mend(refused, operation);
      return mended && fromPromise(mended).flatMap(() => forward(operation));
    }),
});
