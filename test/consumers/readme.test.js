import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { parse, print, visit } from "graphql";
import { files } from "./guide.js";
import { project } from "./project.js";

const pages = ["README.md", "docs/operations.md", "docs/applications.md"];
const texts = pages.map((page) => readFileSync(new URL(`../../${page}`, import.meta.url), "utf8")).join("\n");
const schema = readFileSync(new URL("../../schema.graphqls", import.meta.url), "utf8");

// Gives an operation a name. Generators require one, but the operations in the documents have none.
const named = (text, value) =>
  print(visit(parse(text), { OperationDefinition: (node) => ({ ...node, name: { kind: "Name", value } }) }));

test("the operations of the README and docs get types that TypeScript accepts", async () => {
  const { write, run } = project("readme");
  const operations = [...texts.matchAll(/"query": "([^"]+)"/g)].map(([, text]) => text);
  assert.equal(operations.length, 8);
  operations.forEach((text, i) => write(`operations/${i}.graphql`, named(text, `Operation${i}`)));
  write("schema.graphqls", schema);
  for (const name of ["codegen.ts", "tsconfig.json"]) write(name, files[name]);
  await run("npx graphql-codegen; npx tsc --noEmit");
  const generated = await run("cat gql/graphql.ts");
  assert.equal(generated.match(/^export const Operation\dDocument/gm).length, 8);
});
