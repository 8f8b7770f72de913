// Checks that the shop's types fit, that its generated code is up to date, and that the guide shows
// the code as it is.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";

const cwd = fileURLToPath(new URL("..", import.meta.url));

for (const [name, ...command] of [
  ["the types fit", "tsc"],
  ["the generated code is up to date", "graphql-codegen", "--check"],
]) {
  test(name, () => {
    const { status, stdout, stderr } = spawnSync("npx", command, { cwd, encoding: "utf8" });
    assert.equal(status, 0, stdout + stderr);
  });
}

test("docs/browsers.md shows the code as it is", () => {
  const guide = readFileSync(join(cwd, "../../docs/browsers.md"), "utf8");
  const blocks = [...guide.matchAll(/^```\w+ ((?:src|scenes|vite)\S+)\n(.*?)^```$/gms)];
  assert.ok(blocks.length >= 3, "it shows some");
  for (const [, name, code] of blocks) assert.ok(readFileSync(join(cwd, name), "utf8").includes(code), name);
});
