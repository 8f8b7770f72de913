import assert from "node:assert/strict";

// Everything that was sent and received.
export const exchanges = [];

export const bearing = ({ accessToken }) => ({ headers: { authorization: `Bearer ${accessToken}` } });

// Makes clients of a server. `lost` is how many of a client's first answers get lost. `errorsOf`
// finds the GraphQL errors in the error of a failed operation.
export function connector({ ApolloClient, ApolloLink, HttpLink, InMemoryCache, graphQLErrors }) {
  return function connect({ uri }, { links = [], lost = 0, errorsOf = graphQLErrors, ...options } = {}) {
    const own = [];

    async function record(url, { method, headers, body }) {
      const response = await fetch(url, { method, headers, body });
      const text = await response.clone().text();
      const exchange = { method, url: new URL(url), sent: body && JSON.parse(body), text, answer: JSON.parse(text) };
      exchanges.push(exchange);
      if (own.push(exchange) <= lost) throw new TypeError("the answer got lost");
      return response;
    }

    const client = new ApolloClient({
      link: ApolloLink.from([...links, new HttpLink({ uri, fetch: record, ...options })]),
      cache: new InMemoryCache(),
      defaultOptions: { query: { fetchPolicy: "no-cache" }, mutate: { fetchPolicy: "no-cache" } },
      queryDeduplication: false,
    });

    async function ask(document, variables, context) {
      const { data } = document.definitions.some(({ operation }) => operation === "mutation")
        ? await client.mutate({ mutation: document, variables, context })
        : await client.query({ query: document, variables, context });
      return data;
    }

    // Returns how an operation is refused, for example "TRY_AGAIN BUSY WAIT 1" or
    // "GRAPHQL_VALIDATION_FAILED LIMIT_EXCEEDED FIX_INPUT alias-limit".
    async function refusal(...operation) {
      const error = await ask(...operation).then(
        () => assert.fail("it was not refused"),
        (error) => error,
      );
      const errors = errorsOf(error);
      assert.equal(errors.length, 1, error);
      const { code, reason, nextStep, retryAfterSeconds, limit } = errors[0].extensions ?? {};
      return [code, reason, nextStep, retryAfterSeconds ?? limit].join(" ").trimEnd();
    }

    return { ask, refusal, exchanges: own };
  };
}
