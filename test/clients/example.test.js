// The storefront that README shows: docs/examples/apollo, with the Apollo Client that is installed here.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { server } from "./server.js";

const example = fileURLToPath(new URL("../../docs/examples/apollo", import.meta.url));
const installed = fileURLToPath(new URL("node_modules", import.meta.url));
const read = (path) => readFileSync(new URL(path, import.meta.url), "utf8");

const [section] = read("../../README.md").match(/^## A storefront with Apollo Client\n.*?(?=^## )/ms);
const [, flags] = section.match(/^ {4}go run \. --demo (.*)$/m);
const [, code] = section.match(/^```js\n(.*?)^```$/ms);
const [, output] = section.match(/\n\n```\n(.*?)^```$/ms);

describe("README's storefront", () => {
  const shop = server(...flags.split(" "));

  test("is a part of the example", () => {
    const flat = (text) => text.replace(/\s+/g, " ");
    assert.ok(flat(read("../../docs/examples/apollo/tickets.js")).includes(flat(code)));
  });

  test("has the versions that are tested here", () => {
    const { "apollo-client-4": client, graphql, rxjs } = JSON.parse(read("package.json")).dependencies;
    const { dependencies } = JSON.parse(read("../../docs/examples/apollo/package.json"));
    assert.deepEqual(dependencies, { "@apollo/client": client.replace("npm:@apollo/client@", ""), graphql, rxjs });
  });

  test("prints what README says", async () => {
    const cwd = mkdtempSync(join(tmpdir(), "authtickets-example-"));
    process.once("exit", () => rmSync(cwd, { recursive: true }));
    for (const file of ["package.json", "run.js", "tickets.js"]) cpSync(join(example, file), join(cwd, file));
    for (const [name, folder] of Object.entries({ "@apollo/client": "apollo-client-4", graphql: "graphql", rxjs: "rxjs" })) {
      const link = join(cwd, "node_modules", name);
      mkdirSync(dirname(link), { recursive: true });
      symlinkSync(join(installed, folder), link);
    }
    const running = promisify(execFile)(process.execPath, ["run.js"], { cwd, env: { AUTHTICKETS_URL: shop.uri } });
    process.once("exit", () => running.child.kill());
    const masked = (text) => text.replace(/[0-9a-f]{32}/g, "(id)");
    assert.equal(masked((await running).stdout), masked(output));
  });
});
