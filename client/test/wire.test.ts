import { readFileSync } from "node:fs";

import { buildSchema, parse, validate } from "graphql";
import { expect, it } from "vitest";

import { documents } from "../src/index.js";

const schema = buildSchema(readFileSync(new URL("../../schema.graphqls", import.meta.url), "utf8"));

it.each(Object.entries(documents))("the document %s fits the server's schema", (_, document) => {
  expect(validate(schema, parse(document))).toEqual([]);
});
