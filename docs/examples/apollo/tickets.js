import { ApolloClient, ApolloLink, CombinedGraphQLErrors, HttpLink, InMemoryCache, gql } from "@apollo/client";
import { SetContextLink } from "@apollo/client/link/context";
import { ErrorLink } from "@apollo/client/link/error";
import { defer, mergeMap } from "rxjs";

const fields = gql`
  fragment TicketFields on CustomerAuthTicket {
    accessToken
    refreshToken
    refreshAfter
    userId
  }
`;
const anonymous = gql`
  mutation Anonymous {
    ticket: anonymousShopperTicket {
      ...TicketFields
    }
  }
  ${fields}
`;
const signIn = gql`
  mutation SignIn($input: CustomerUserAuthInfoInput!) {
    ticket: createUserTicket(input: $input) {
      ...TicketFields
      claimedAnonymousUserId
    }
  }
  ${fields}
`;
const refresh = gql`
  mutation Refresh($refreshToken: String!) {
    ticket: refreshTicket(refreshToken: $refreshToken) {
      ...TicketFields
    }
  }
  ${fields}
`;
const revoke = gql`
  mutation SignOut($refreshToken: String!, $everywhere: Boolean!) {
    revokeTicket(refreshToken: $refreshToken, everywhere: $everywhere) {
      sessionsEnded
    }
  }
`;

// The first error's extensions: code, reason, nextStep and, where one waits, retryAfterSeconds.
export const failure = (error) => (CombinedGraphQLErrors.is(error) ? (error.errors[0]?.extensions ?? {}) : {});

// createShopper returns an Apollo client whose operations carry the shopper's access token, and the verbs around it. It keeps the
// ticket in memory; to keep a shopper signed in over a reload, give it the last refresh token, and store what onTicket tells.
export function createShopper({ uri, refreshToken, onTicket = () => {} }) {
  const http = new HttpLink({ uri });
  // What asks for tickets needs none, and keeps none in a cache.
  const office = new ApolloClient({ link: http, cache: new InMemoryCache(), defaultOptions: { mutate: { fetchPolicy: "no-cache" } } });

  let ticket = refreshToken && { refreshToken, refreshAt: 0 };
  let renewal;

  function keep(next) {
    // Counted from here, so that a wrong clock does no harm.
    ticket = next && { ...next, refreshAt: performance.now() + next.refreshAfter * 1000 };
    onTicket(next);
    return next;
  }

  const ask = async (mutation, variables) => (await office.mutate({ mutation, variables })).data.ticket;

  async function renew() {
    const last = ticket;
    let next;
    try {
      next = last && (await ask(refresh, { refreshToken: last.refreshToken }));
    } catch (error) {
      if (failure(error).nextStep !== "SIGN_IN") throw error;
      // The session is over: go on as a new anonymous shopper.
    }
    next ??= ticket === last && (await ask(anonymous));
    if (ticket === last) keep(next); // unless the shopper signed in or out meanwhile
  }

  // A ticket that is not due for a refresh and not the one that was refused; one request for however many operations wait for it.
  async function good(refused) {
    if (!ticket || ticket === refused || performance.now() >= ticket.refreshAt) {
      await (renewal ??= renew().finally(() => (renewal = undefined)));
    }
    return ticket ?? good();
  }

  // Sends the access token, and gets a ticket first where there is none that is good.
  const auth = new SetContextLink(async ({ headers }) => {
    const used = await good();
    return { ticket: used, headers: { ...headers, authorization: `Bearer ${used.accessToken}` } };
  });

  // Refreshes when the server says so, and repeats the operation.
  const retry = new ErrorLink(({ error, operation, forward }) => {
    if (failure(error).nextStep !== "REFRESH") return;
    return defer(() => good(operation.getContext().ticket)).pipe(mergeMap(() => forward(operation)));
  });

  const client = new ApolloClient({ link: ApolloLink.from([retry, auth, http]), cache: new InMemoryCache() });

  return {
    client,
    async signIn(username, password) {
      const input = { username, password, previousRefreshToken: ticket?.refreshToken };
      const next = keep(await ask(signIn, { input }));
      await client.resetStore(); // nothing of the shopper before
      return next;
    },
    async signOut(everywhere = false) {
      const last = ticket;
      keep(undefined);
      await client.clearStore();
      if (!last) return 0;
      const { data } = await office.mutate({ mutation: revoke, variables: { refreshToken: last.refreshToken, everywhere } });
      return data.revokeTicket.sessionsEnded;
    },
  };
}
