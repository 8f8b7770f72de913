// The audits of GraphQL over HTTP. All must pass, because our documents promise the optional ones
// too.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { serverAudits } from "graphql-http";
import { server } from "./server.js";

describe("GraphQL over HTTP", () => {
  const audited = server("--introspection");
  const audits = serverAudits({
    url: () => audited.uri,
    fetchFn: (url, { headers, ...options } = {}) =>
      fetch(url, { ...options, headers: { ...headers, "apollo-require-preflight": "true" } }),
  });

  test("61 audits", () => assert.equal(audits.length, 61));

  for (const { id, name, fn } of audits) {
    test(`${id} ${name}`, async () => {
      const { status, reason } = await fn();
      assert.equal(status, "ok", reason);
    });
  }
});
