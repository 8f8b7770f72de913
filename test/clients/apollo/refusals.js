import assert from "node:assert/strict";
import { test } from "node:test";
import { gql } from "graphql-tag";
import { server } from "../server.js";
import { bearing, exchanges as all } from "./connect.js";
import { demo, password, refresh, signIn, whoAmI } from "./documents.js";
import { sha256 } from "./persisted-queries.js";

const many = (count, text) => Array.from({ length: count }, (_, i) => `a${i}: ${text}`).join(" ");

export function refusals(connect, { ApolloLink }) {
  const shop = server("--guesses-per-source=1");
  const hurried = server("--request-timeout=1ms");

  function refuses(name, expected, operation, { at = shop, ...options } = {}) {
    test(name, async () => {
      const { refusal, exchanges } = connect(at, options);
      assert.match(await refusal(...operation), new RegExp(`^${expected}$`));
      assert.equal(exchanges.length, 1);
      const [{ text, answer }] = exchanges;
      assert.equal("data" in answer, !/REQUEST_INVALID|LIMIT_EXCEEDED/.test(expected));
      assert.ok(!text.includes(password));
    });
  }

  const as = (username, password) => [signIn, { input: { username, password } }];
  refuses("a wrong password", "UNAUTHENTICATED INVALID_CREDENTIALS FIX_INPUT", as("demo", "wrong"));
  refuses("a guess too many", "TRY_AGAIN TOO_MANY_ATTEMPTS WAIT [1-9][0-9]*", as("demo", "wrong"));
  refuses("an unknown name", "UNAUTHENTICATED INVALID_CREDENTIALS FIX_INPUT", as("stranger", password));
  refuses("no name", "BAD_USER_INPUT USERNAME_INVALID FIX_INPUT", as("", password));
  refuses("no password", "BAD_USER_INPUT PASSWORD_INVALID FIX_INPUT", as("demo", ""));
  refuses("a locked account", "FORBIDDEN ACCOUNT_LOCKED WAIT", as("locked", password));
  refuses("no time left", "TRY_AGAIN TIMED_OUT WAIT 1", as("demo", password), { at: hurried });

  refuses("no access token", "UNAUTHENTICATED TOKEN_MISSING SIGN_IN", [whoAmI]);
  refuses("a bad access token", "UNAUTHENTICATED TOKEN_INVALID SIGN_IN", [whoAmI, {}, bearing({ accessToken: "bad" })]);
  refuses("a bad refresh token", "UNAUTHENTICATED TOKEN_INVALID SIGN_IN", [refresh, { token: "bad" }]);

  // A text that is sent in place of the document.
  const instead = (text) => ({ print: () => text });
  const unparsed = "GRAPHQL_PARSE_FAILED REQUEST_INVALID FIX_INPUT";
  const misfit = "GRAPHQL_VALIDATION_FAILED REQUEST_INVALID FIX_INPUT";
  refuses("a document cut short", unparsed, [whoAmI], instead("query WhoAmI { currentShopper {"));
  refuses("an unknown field", misfit, [gql("{ currentShopper { password } }")]);
  refuses("a literal of the wrong type", misfit, [gql("mutation { refreshTicket(refreshToken: 5) { userId } }")]);
  refuses("a variable of the wrong type", misfit, as("demo", [password]));
  refuses("a missing variable", misfit, [signIn]);
  refuses("@defer", misfit, [whoAmI], instead("query WhoAmI { currentShopper { userId ... @defer { isAnonymous } } }"));

  const limited = "GRAPHQL_VALIDATION_FAILED LIMIT_EXCEEDED FIX_INPUT";
  const deep = `${"ofType {".repeat(50)} name ${"}".repeat(50)}`;
  refuses("deep nesting", `${limited} depth-limit`, [gql(`{ __schema { types { fields { type { ${deep} } } } } }`)]);
  refuses("many aliases", `${limited} alias-limit`, [gql(`{ currentShopper { ${many(100, "userId")} } }`)]);
  refuses("many root fields", `${limited} root-field-limit`, [gql(`{ ${many(20, "__typename")} }`)]);
  const long = { token: "x".repeat(40_000) };
  refuses("long variables", "BAD_USER_INPUT LIMIT_EXCEEDED FIX_INPUT variables-limit", [refresh, long]);

  const twice = gql`
    mutation Twice($input: CustomerUserAuthInfoInput!) {
      a: createUserTicket(input: $input) {
        userId
      }
      b: createUserTicket(input: $input) {
        userId
      }
    }
  `;
  const both = gql`
    mutation Both($token: String!) {
      ...Refresh
      revokeTicket(refreshToken: $token) {
        sessionsEnded
      }
    }
    fragment Refresh on Mutation {
      refreshTicket(refreshToken: $token) {
        userId
      }
    }
  `;
  refuses("signing in twice in one operation", `${limited} credential-field-limit`, [twice, demo]);
  refuses("two tokens in one operation", `${limited} credential-field-limit`, [both, { token: "bad" }]);

  // Sends the query beside a hash that PersistedQueryLink would never make.
  function persisted(persistedQuery) {
    const link = new ApolloLink((operation, forward) => {
      operation.extensions.persistedQuery = persistedQuery;
      return forward(operation);
    });
    return { links: [link], includeExtensions: true };
  }
  const wrong = "BAD_USER_INPUT REQUEST_INVALID FIX_INPUT";
  const unsupported = "PERSISTED_QUERY_NOT_SUPPORTED REQUEST_INVALID FIX_INPUT";
  refuses("the hash of another query", wrong, [whoAmI], persisted({ version: 1, sha256Hash: sha256("another") }));
  refuses("a hash that is none", wrong, [whoAmI], persisted({ version: 1, sha256Hash: "none" }));
  refuses("persisted queries of another version", unsupported, [whoAmI], persisted({ version: 2, sha256Hash: sha256("another") }));

  test("the schema names whatever was told", async () => {
    const names = gql`
      fragment Names on __Type {
        enumValues {
          name
        }
      }
      {
        code: __type(name: "ErrorCode") {
          ...Names
        }
        reason: __type(name: "ErrorReason") {
          ...Names
        }
        nextStep: __type(name: "NextStep") {
          ...Names
        }
      }
    `;
    const schema = await connect(shop).ask(names);
    const told = all.flatMap(({ answer }) => answer.errors ?? []);
    assert.ok(told.length > 0);
    for (const key of ["code", "reason", "nextStep"]) {
      const known = schema[key].enumValues.map(({ name }) => name);
      assert.deepEqual(
        told.map(({ extensions }) => extensions[key]).filter((value) => !known.includes(value)),
        [],
      );
    }
  });
}
