import { ApolloClient, ApolloLink, CombinedGraphQLErrors, HttpLink, InMemoryCache, gql } from "@apollo/client";
import { SetContextLink } from "@apollo/client/link/context";
import { ErrorLink } from "@apollo/client/link/error";
import { defer, mergeMap } from "rxjs";

const fields = gql`
  fragment TicketFields on CustomerAuthTicket {
    accessToken
    refreshToken
    refreshAfter
    issuedAt
    sessionId
    userId
    isAnonymous
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
      claim
      claimedAnonymousUserId
    }
  }
  ${fields}
`;
const refresh = gql`
  mutation Refresh($refreshToken: String!, $attempt: String!) {
    ticket: refreshTicket(refreshToken: $refreshToken, attempt: $attempt) {
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
// Empty where the server has not answered.
export const failure = (error) => (CombinedGraphQLErrors.is(error) ? (error.errors[0]?.extensions ?? {}) : {});

// createShopper returns an Apollo client whose operations carry the shopper's access token, and the
// verbs around it. What gets the next ticket is kept in store, which all tabs share and which
// outlives a reload: localStorage, or anything else with its getItem and setItem.
export function createShopper({ uri, store }) {
  const http = new HttpLink({ uri });
  // What asks for tickets needs none, and keeps none in a cache.
  const office = new ApolloClient({ link: http, cache: new InMemoryCache(), defaultOptions: { mutate: { fetchPolicy: "no-cache" } } });
  const ask = async (mutation, variables) => (await office.mutate({ mutation, variables })).data.ticket;

  let ticket; // of this tab
  let renewal;

  const saved = () => JSON.parse(store.getItem("shopper") ?? "{}");
  const save = (shopper) => store.setItem("shopper", JSON.stringify(shopper));

  // Each refresh token is stored with an attempt of its own. Every tab sends both, however late,
  // and so gets the same ticket. last is what was in the store when next was asked for: when it is
  // no longer there, another tab was faster, or the shopper has signed in or out meanwhile.
  function keep(next, last = saved()) {
    const { refreshToken, sessionId, isAnonymous } = next;
    const { deviceToken, ...present } = saved();
    if (present.refreshToken === last.refreshToken) {
      const attempt = crypto.randomUUID().replaceAll("-", "");
      save({ refreshToken, attempt, sessionId, isAnonymous, deviceToken: isAnonymous ? deviceToken : refreshToken });
    }
    // Counted from here, so that a wrong clock does no harm.
    const refreshAt = performance.now() + next.refreshAfter * 1000;
    ticket = saved().sessionId === sessionId ? { ...next, refreshAt } : undefined;
    return next;
  }

  // Only SIGN_IN says that a session is over; then a new anonymous shopper begins. BUSY or no
  // network says nothing about it: the error is thrown, and the store stays as it is.
  async function successor({ refreshToken, attempt }) {
    try {
      if (refreshToken) return await ask(refresh, { refreshToken, attempt });
    } catch (error) {
      if (failure(error).nextStep !== "SIGN_IN") throw error;
    }
    return ask(anonymous);
  }

  // A ticket that was given again is as old as its first answer, and refreshed at once.
  async function renew(again = true) {
    const last = saved();
    const { issuedAt, refreshAfter } = keep(await successor(last), last);
    if (again && Date.now() - Date.parse(issuedAt) > refreshAfter * 1000) await renew(false);
  }

  // The ticket of the shopper in the store, unless it was refused. One that is due is refreshed
  // first, and used all the same where that fails. One request does for however many operations
  // wait for it.
  async function good(refused) {
    const usable = ticket && ticket !== refused && ticket.sessionId === saved().sessionId;
    if (!usable || performance.now() >= ticket.refreshAt) {
      renewal ??= renew().finally(() => (renewal = undefined));
      await (usable ? renewal.catch(() => {}) : renewal);
    }
    return ticket ?? good();
  }

  // Sends the access token, and gets a ticket first where there is none that is good.
  const auth = new SetContextLink(async ({ headers }) => {
    const used = await good();
    return { ticket: used, headers: { ...headers, authorization: `Bearer ${used.accessToken}` } };
  });

  // Gets another ticket when the server says so, and repeats the operation.
  const retry = new ErrorLink(({ error, operation, forward }) => {
    if (!["REFRESH", "SIGN_IN"].includes(failure(error).nextStep)) return;
    return defer(() => good(operation.getContext().ticket)).pipe(mergeMap(() => forward(operation)));
  });

  const client = new ApolloClient({ link: ApolloLink.from([retry, auth, http]), cache: new InMemoryCache() });

  return {
    client,
    // Claims what the anonymous shopper has, and replaces the session that a customer had here
    // before.
    async signIn(username, password) {
      const { refreshToken, isAnonymous, deviceToken } = saved();
      const input = { username, password, deviceToken, previousRefreshToken: isAnonymous ? refreshToken : undefined };
      const next = keep(await ask(signIn, { input }));
      await client.resetStore(); // nothing of the shopper before
      return next;
    },
    // The session goes on unless the server has said otherwise. After an error, the page tries
    // again.
    async signOut(everywhere = false) {
      const { refreshToken, deviceToken } = saved();
      if (!refreshToken) return 0;
      const { data } = await office.mutate({ mutation: revoke, variables: { refreshToken, everywhere } });
      save({ deviceToken }); // of the customer who signs in next, perhaps
      ticket = undefined;
      await client.clearStore();
      return data.revokeTicket.sessionsEnded;
    },
  };
}
