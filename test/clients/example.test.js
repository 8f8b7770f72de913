// The storefront that README shows: docs/examples/apollo, with the Apollo Client that is installed here.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { before, describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { gql } from "graphql-tag";
import { password } from "./apollo/documents.js";
import { server } from "./server.js";

const example = fileURLToPath(new URL("../../docs/examples/apollo", import.meta.url));
const installed = fileURLToPath(new URL("node_modules", import.meta.url));
const read = (path) => readFileSync(new URL(path, import.meta.url), "utf8");

const [section] = read("../../README.md").match(/^## A storefront with Apollo Client\n.*?(?=^## )/ms);
const [, flags] = section.match(/^ {4}go run \. --demo (.*)$/m);
const [, code] = section.match(/^```js\n(.*?)^```$/ms);
const [, output] = section.match(/\n\n```\n(.*?)^```$/ms);

const whoAmI = gql`
  query WhoAmI {
    currentShopper {
      userId
      isAnonymous
      sessionId
      sessions {
        id
      }
    }
  }
`;

const endSession = gql`
  mutation EndSession($id: ID!) {
    endSession(id: $id) {
      sessionsEnded
    }
  }
`;

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

  describe("with the packages that are installed here", () => {
    const folder = mkdtempSync(join(tmpdir(), "authtickets-example-"));
    process.once("exit", () => rmSync(folder, { recursive: true }));
    let createShopper;
    before(async () => {
      for (const file of ["package.json", "run.js", "tickets.js"]) cpSync(join(example, file), join(folder, file));
      const packages = { "@apollo/client": "apollo-client-4", graphql: "graphql", rxjs: "rxjs" };
      for (const [name, source] of Object.entries(packages)) {
        const link = join(folder, "node_modules", name);
        mkdirSync(dirname(link), { recursive: true });
        symlinkSync(join(installed, source), link);
      }
      ({ createShopper } = await import(join(folder, "tickets.js")));
    });

    test("prints what README says", async () => {
      const options = { cwd: folder, env: { AUTHTICKETS_URL: shop.uri } };
      const running = promisify(execFile)(process.execPath, ["run.js"], options);
      process.once("exit", () => running.child.kill());
      const masked = (text) => text.replace(/[0-9a-f]{32}/g, "(id)");
      assert.equal(masked((await running).stdout), masked(output));
    });

    // A browser with tabs that share a store.
    function browser() {
      const texts = new Map();
      const store = { getItem: (key) => texts.get(key) ?? null, setItem: (key, text) => texts.set(key, text) };
      const open = (uri = shop.uri) => createShopper({ uri, store });
      const saved = () => JSON.parse(store.getItem("shopper"));
      return { open, saved };
    }
    async function whoIs({ client }) {
      const { data } = await client.query({ query: whoAmI, fetchPolicy: "network-only" });
      return data.currentShopper;
    }

    test("has all tabs be one shopper", async () => {
      const { open, saved } = browser();
      const tabs = [open(), open(), open()];
      const guests = await Promise.all(tabs.map(whoIs));
      const [guest] = await Promise.all(tabs.map(whoIs));
      assert.ok(guests.every(({ isAnonymous }) => isAnonymous));
      assert.equal(guest.sessionId, saved().sessionId);

      const { claim, claimedAnonymousUserId } = await tabs[0].signIn("demo", password);
      assert.deepEqual([claim, claimedAnonymousUserId], ["CLAIMED", guest.userId]);
      for (let times = 0; times < 3; times++) {
        for (const { isAnonymous, sessionId } of await Promise.all(tabs.map(whoIs))) {
          assert.deepEqual([isAnonymous, sessionId], [false, saved().sessionId]);
        }
        await sleep(2500); // each time the ticket is due
      }

      const { sessionId } = saved();
      assert.equal((await tabs[1].signIn("demo", password)).claim, "NOTHING_TO_CLAIM");
      const { sessions } = await whoIs(tabs[2]);
      assert.ok(!sessions.some(({ id }) => id === sessionId), "the session before is still there");

      assert.equal(await tabs[2].signOut(), 1);
      assert.ok((await whoIs(tabs[0])).isAnonymous);
    });

    test("goes on as an anonymous shopper when the session has been ended elsewhere", async () => {
      const [here, elsewhere] = [browser(), browser()];
      const tab = here.open();
      await tab.signIn("demo", password);
      const other = elsewhere.open();
      await other.signIn("demo", password);
      const { data } = await other.client.mutate({ mutation: endSession, variables: { id: here.saved().sessionId } });
      assert.equal(data.endSession.sessionsEnded, 1);
      await sleep(1000);
      assert.ok((await whoIs(tab)).isAnonymous);
      assert.ok(!(await whoIs(other)).isAnonymous);
    });

    test("signs nobody out because the server is away or busy", async () => {
      const { open, saved } = browser();
      await open().signIn("demo", password);
      const before = saved();
      const busy = createServer((_, response) => {
        const extensions = { code: "TRY_AGAIN", reason: "BUSY", nextStep: "WAIT", retryAfterSeconds: 1 };
        response.setHeader("content-type", "application/json");
        response.end(JSON.stringify({ errors: [{ message: "busy", extensions }], data: null }));
      });
      await new Promise((resolve) => busy.listen(0, "127.0.0.1", resolve));
      const busyUri = `http://127.0.0.1:${busy.address().port}/graphql`;
      await assert.rejects(whoIs(open(busyUri)), /busy/);
      await assert.rejects(open(busyUri).signOut(), /busy/);
      await new Promise((resolve) => busy.close(resolve));
      await assert.rejects(whoIs(open(busyUri)), /fetch failed/);
      await assert.rejects(open(busyUri).signOut(), /fetch failed/);
      assert.deepEqual(saved(), before);
      assert.equal((await whoIs(open())).sessionId, before.sessionId);
    });
  });
});
