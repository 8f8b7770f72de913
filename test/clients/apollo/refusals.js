import assert from "node:assert/strict";
import { test } from "node:test";
import { gql } from "graphql-tag";
import { server } from "../server.js";
import { bearing, exchanges as all } from "./connect.js";
import { demo, password, refresh, signIn, signOut, whoAmI } from "./documents.js";
import { sha256 } from "./persisted-queries.js";

const many = (count, text) => Array.from({ length: count }, (_, i) => `a${i}: ${text}`).join(" ");

export function refusals(connect, { ApolloLink, errorsOf413 }) {
  const shop = server("--guesses-per-source=1");
  const hurried = server("--request-timeout=1ms");
  const busy = server("--hash-concurrent=1", "--hash-wait=500ms"); // enough to hash the sample customers

  // The operation is a document with variables and context, or a function that returns them.
  function refuses(name, expected, operation, { at = shop, ...options } = {}) {
    test(name, async () => {
      const { refusal, exchanges } = connect(at, options);
      const sent = typeof operation === "function" ? await operation() : operation;
      assert.match(await refusal(...sent), new RegExp(`^${expected}$`));
      assert.equal(exchanges.length, 1);
      const [{ text, answer }] = exchanges;
      assert.equal("data" in answer, !/REQUEST_INVALID|LIMIT_EXCEEDED/.test(expected));
      assert.ok(!text.includes(password));
    });
  }

  const as = (username, password) => [signIn, { input: { username, password } }];
  refuses("a wrong password", "BAD_USER_INPUT INVALID_CREDENTIALS FIX_INPUT", as("demo", "wrong"));
  refuses("a guess too many", "TRY_AGAIN TOO_MANY_ATTEMPTS WAIT [1-9][0-9]*", as("demo", "wrong"));
  refuses("an unknown name", "BAD_USER_INPUT INVALID_CREDENTIALS FIX_INPUT", as("stranger", password));
  refuses("no name", "BAD_USER_INPUT USERNAME_INVALID FIX_INPUT", as("", password));
  refuses("no password", "BAD_USER_INPUT PASSWORD_INVALID FIX_INPUT", as("demo", ""));
  refuses("an account that an operator has locked", "FORBIDDEN ACCOUNT_LOCKED FIX_INPUT", as("locked", password));
  refuses("no time left", "TRY_AGAIN TIMED_OUT WAIT 1", as("demo", password), { at: hurried });

  test("too many at once", async () => {
    const { refusal } = connect(busy);
    // The names differ, because sign-ins of one name wait for each other.
    const refused = await Promise.all(Array.from({ length: 90 }, (_, i) => refusal(...as(`stranger-${i}`, password))));
    const others = refused.filter((reason) => !/^TRY_AGAIN BUSY WAIT [1-9][0-9]*$/.test(reason));
    assert.ok(others.length < refused.length);
    for (const reason of others) assert.equal(reason, "BAD_USER_INPUT INVALID_CREDENTIALS FIX_INPUT");
  });

  // Returns what a customer does who is signed in, after `meanwhile` has happened to the account.
  let customers = 0;
  function later(meanwhile, operation) {
    return async () => {
      const username = `customer-${++customers}`;
      shop.operate(password, "account", "create", username);
      const { ask } = connect(shop);
      const { ticket } = await ask(...as(username, password));
      await meanwhile({ username, ask });
      return operation({ username, ...ticket });
    };
  }
  const deactivated = ({ username }) => shop.operate("", "account", "deactivate", username);
  const deleted = ({ username }) => shop.operate("", "account", "delete", "--yes", username);
  const newPassword = ({ username }) => shop.operate("another battery staple", "account", "set-password", username);
  const signedOut = async ({ username, ask }) => {
    const { refreshToken: token } = (await ask(...as(username, password))).ticket;
    assert.equal((await ask(signOut, { token, everywhere: true })).revokeTicket.sessionsEnded, 2);
  };
  const signsIn = ({ username }) => as(username, password);
  const refreshes = ({ refreshToken: token }) => [refresh, { token }];
  const asks = (ticket) => [whoAmI, {}, bearing(ticket)];
  refuses("signing in to an inactive account", "FORBIDDEN ACCOUNT_INACTIVE FIX_INPUT", later(deactivated, signsIn));
  refuses("an inactive account's refresh token", "FORBIDDEN ACCOUNT_INACTIVE SIGN_IN", later(deactivated, refreshes));
  refuses("signing in to a deleted account", "BAD_USER_INPUT INVALID_CREDENTIALS FIX_INPUT", later(deleted, signsIn));
  refuses("a deleted account's refresh token", "UNAUTHENTICATED ACCOUNT_DELETED SIGN_IN", later(deleted, refreshes));
  refuses("a deleted account's access token", "UNAUTHENTICATED ACCOUNT_DELETED SIGN_IN", later(deleted, asks));
  refuses("a refresh after a new password", "UNAUTHENTICATED PASSWORD_CHANGED SIGN_IN", later(newPassword, refreshes));
  const everywhere = "UNAUTHENTICATED SIGNED_OUT_EVERYWHERE SIGN_IN";
  refuses("a refresh after signing out everywhere", everywhere, later(signedOut, refreshes));

  refuses("no access token", "UNAUTHENTICATED TOKEN_MISSING SIGN_IN", [whoAmI]);
  const invalid = "UNAUTHENTICATED TOKEN_INVALID SIGN_IN";
  refuses("an invalid access token", invalid, [whoAmI, {}, bearing({ accessToken: "bad" })]);
  refuses("an invalid refresh token", invalid, [refresh, { token: "bad" }]);

  // Sends a text in place of the document.
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
  const longer = { token: "x".repeat(70_000) };
  const tooLong = "BAD_USER_INPUT LIMIT_EXCEEDED FIX_INPUT body-limit";
  refuses("a long body", tooLong, [refresh, longer], { errorsOf: errorsOf413 });

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

  // Sends the query with a hash that PersistedQueryLink would never make.
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
  refuses("a malformed hash", wrong, [whoAmI], persisted({ version: 1, sha256Hash: "none" }));
  const ofVersion2 = { version: 2, sha256Hash: sha256("another") };
  refuses("persisted queries of another version", unsupported, [whoAmI], persisted(ofVersion2));

  test("the schema names the codes, reasons and next steps of all errors", async () => {
    const query = gql`
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
    const schema = await connect(shop).ask(query);
    const errors = all.flatMap(({ answer }) => answer.errors ?? []);
    assert.ok(errors.length > 0);
    for (const key of ["code", "reason", "nextStep"]) {
      const names = schema[key].enumValues.map(({ name }) => name);
      assert.deepEqual(
        errors.map(({ extensions }) => extensions[key]).filter((value) => !names.includes(value)),
        [],
      );
    }
  });
}
