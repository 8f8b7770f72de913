import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";
import { gql } from "graphql-tag";
import { server } from "../server.js";
import { anonymous, whoAmI } from "./documents.js";

export const sha256 = (text) => createHash("sha256").update(text).digest("hex");

const sent = ({ method, url, sent }) =>
  `${method} ${(sent?.query ?? url.searchParams.get("query")) ? "query" : "hash"}`;

export function persistedQueries(connect, { persistedQueries }) {
  const shop = server();
  const hashing = (options) => connect(shop, { links: [persistedQueries({ sha256, ...options })] });
  const unknown = /"message":"PersistedQueryNotFound".*"code":"PERSISTED_QUERY_NOT_FOUND"/;

  test("a hash is enough once any client has sent the query", async () => {
    const query = gql`
      query Known {
        name: __typename
      }
    `;
    const first = hashing();
    assert.equal((await first.ask(query)).name, "Query");
    assert.equal((await first.ask(query)).name, "Query");
    assert.deepEqual(first.exchanges.map(sent), ["POST hash", "POST query", "POST hash"]);
    assert.match(first.exchanges[0].text, unknown);

    const second = hashing();
    assert.equal((await second.ask(query)).name, "Query");
    assert.deepEqual(second.exchanges.map(sent), ["POST hash"]);
  });

  test("hashes of queries come by GET, variables too", async () => {
    const query = gql`
      query Type($name: String!) {
        __type(name: $name) {
          name
        }
      }
    `;
    const { ask, exchanges } = hashing({ useGETForHashedQueries: true });
    for (const name of ["Shopper", "Query"]) assert.equal((await ask(query, { name })).__type.name, name);
    assert.deepEqual(exchanges.map(sent), ["GET hash", "POST query", "GET hash"]);
    assert.match(exchanges[0].text, unknown);
  });

  test("hashes of mutations come by POST, and are run each time", async () => {
    const { ask, exchanges } = hashing({ useGETForHashedQueries: true });
    const { ticket: one } = await ask(anonymous);
    const { ticket: other } = await ask(anonymous);
    assert.notEqual(one.userId, other.userId);
    assert.deepEqual(exchanges.map(sent), ["POST hash", "POST query", "POST hash"]);
  });

  test("a wrong hash is refused, and not remembered", async () => {
    for (let client = 1; client <= 2; client++) {
      const { refusal, exchanges } = hashing({ sha256: () => sha256("another") });
      assert.equal(await refusal(whoAmI), "BAD_USER_INPUT REQUEST_INVALID FIX_INPUT");
      assert.deepEqual(exchanges.map(sent), ["POST hash", "POST query"]);
      assert.match(exchanges[0].text, unknown);
    }
  });
}
