import { ApolloClient, ApolloLink, CombinedGraphQLErrors, HttpLink, InMemoryCache } from "apollo-client-4";
import { ErrorLink } from "apollo-client-4/link/error";
import { PersistedQueryLink } from "apollo-client-4/link/persisted-queries";
import { RetryLink } from "apollo-client-4/link/retry";
import { from, mergeMap } from "rxjs";
import { cases } from "./apollo.js";

const graphQLErrors = (error) => (CombinedGraphQLErrors.is(error) ? error.errors : []);

cases("Apollo Client 4", {
  ApolloClient,
  ApolloLink,
  HttpLink,
  InMemoryCache,
  RetryLink,
  persistedQueries: (options) => new PersistedQueryLink(options),
  graphQLErrors,
  errorsOf413: graphQLErrors,
  mendWith: (mend) =>
    new ErrorLink(({ error, operation, forward }) => {
      const mended = mend(graphQLErrors(error)[0], operation);
      return mended && from(mended).pipe(mergeMap(() => forward(operation)));
    }),
});
