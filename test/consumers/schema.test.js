import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { CriticalityLevel, diff } from "@graphql-inspector/core";
import { ESLint } from "eslint";
import { buildSchema } from "graphql";

const path = (name) => fileURLToPath(new URL(name, import.meta.url));
const schema = readFileSync(path("../../schema.graphqls"), "utf8");
const released = readFileSync(path("released.graphqls"), "utf8");

test("GraphQL-ESLint finds nothing", async () => {
  const eslint = new ESLint({ cwd: path("../.."), overrideConfigFile: path("eslint.config.js") });
  const results = await eslint.lintFiles("schema.graphqls");
  const found = results
    .flatMap(({ messages }) => messages)
    .map(({ line, ruleId, message }) => `${line} ${ruleId}: ${message}`);
  assert.equal(results.length, 1);
  assert.deepEqual(found, []);
});

describe("clients of the last release", () => {
  async function breaking(schema) {
    const changes = await diff(buildSchema(released), buildSchema(schema));
    return changes
      .filter(({ criticality }) => criticality.level === CriticalityLevel.Breaking)
      .map(({ message }) => message);
  }

  test("continue to work", async () => assert.deepEqual(await breaking(schema), []));

  test("would fail without a field that they may use", async () => {
    const without = released.replace(/"""[^"]*"""\s*refreshAfter: Int!/, "");
    const removal = "Field 'refreshAfter' was removed from object type 'CustomerAuthTicket'";
    assert.deepEqual(await breaking(without), [removal]);
  });
});
