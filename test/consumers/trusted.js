import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, test } from "node:test";
import { ask } from "./ask.js";

// What a server makes of the hashes of the list that docs/clients.md has made in the folder.
export function trusted(shop, folder) {
  describe("with hashes alone", () => {
    const persisted = (sha256Hash) => ({ extensions: { persistedQuery: { version: 1, sha256Hash } } });

    test("the list's are answered", async () => {
      const { operations } = JSON.parse(readFileSync(`${folder}/persisted-query-manifest.json`, "utf8"));
      const { id } = operations.find(({ name }) => name === "AnonymousTicket");
      const { data } = await ask(shop.uri, persisted(id));
      assert.match(data.ticket.userId, /^[0-9a-f]{32}$/);
    });

    test("others are not", async () => {
      const { errors } = await ask(shop.uri, persisted("0".repeat(64)));
      assert.equal(errors[0].extensions.code, "PERSISTED_QUERY_NOT_FOUND");
    });
  });
}
