import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, test } from "node:test";
import { ask } from "./ask.js";

// Sends hashes to a server, some of them from the list that docs/clients.md has made in the folder.
export function trusted(shop, folder) {
  describe("with hashes alone", () => {
    const persisted = (sha256Hash) => ({ extensions: { persistedQuery: { version: 1, sha256Hash } } });

    test("hashes of the list are answered", async () => {
      const { operations } = JSON.parse(readFileSync(`${folder}/persisted-query-manifest.json`, "utf8"));
      const { id } = operations.find(({ name }) => name === "AnonymousTicket");
      const { data } = await ask(shop.uri, persisted(id));
      assert.match(data.ticket.userId, /^[0-9a-f]{32}$/);
    });

    test("other hashes are not", async () => {
      const { errors } = await ask(shop.uri, persisted("0".repeat(64)));
      assert.equal(errors[0].extensions.code, "PERSISTED_QUERY_NOT_FOUND");
    });
  });
}
