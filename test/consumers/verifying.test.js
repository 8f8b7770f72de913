// Runs the examples of docs/verifying.md: shops in Go and Node, and nginx. Each runs with tickets
// of a small server, and with tickets of the real one.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { copyFileSync, existsSync, mkdirSync, readFileSync } from "node:fs";
import { createServer } from "node:http";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { server } from "../clients/server.js";
import { ask } from "./ask.js";
import { issuer } from "./issuer.js";
import { project } from "./project.js";
import { freePort, service } from "./service.js";

const root = fileURLToPath(new URL("../..", import.meta.url));
const guide = readFileSync(join(root, "docs/verifying.md"), "utf8");
const blocks = [...guide.matchAll(/^```\w+ (.+)\n([^]*?)^```$/gm)];
const files = Object.fromEntries(blocks.map(([, name, text]) => [name, text]));
const { folder, write, run } = project("verifying");

// Builds the Go programs. Each is a module of its own that uses the package of this checkout.
async function buildGo() {
  for (const name of ["shop", "gate"]) {
    const version = /^go (.+)$/m.exec(readFileSync(join(root, "go.mod"), "utf8"))[1];
    const ours = "github.com/authtickets/authtickets";
    write(`${name}/main.go`, files[`${name}.go`]);
    const dependency = `require ${ours} v0.0.0\n\nreplace ${ours} => ${root}\n`;
    write(`${name}/go.mod`, `module ${name}\n\ngo ${version}\n\n${dependency}`);
    copyFileSync(join(root, "go.sum"), join(folder, name, "go.sum"));
    await run(`cd ${name} && go build -mod=mod -o ../${name}-program .`);
  }
}

// A server of this checkout, with the same methods as issuer.js. It issues only valid tickets.
function realServer() {
  const uri = "https://tickets.shop.example";
  const audience = "https://api.shop.example";
  const shop = server("--issuer", uri, "--audience", audience);
  const environment = { TICKETS_ISSUER: uri, TICKETS_AUDIENCE: audience };
  const mutate = async (field) => {
    const { data, errors } = await ask(shop.uri, { query: `mutation { ${field} }` }, { "x-application": "storefront" });
    assert.equal(errors, undefined);
    return Object.values(data)[0];
  };
  before(async () => {
    const command = ["application", "create", "gateway", "--confidential", "--own-behaviors=tickets.introspect"];
    const [secret] = shop.operate("", ...command).toString().match(/\b[\w-]{40,}\b/);
    Object.assign(environment, { TICKETS_SERVER: new URL(shop.uri).origin, TICKETS_SECRET: secret });
    await sleep(2_500); // until the server knows the application
  });
  return {
    environment,
    issue: () => mutate("anonymousShopperTicket { accessToken jwtAccessToken refreshToken userId }"),
    revoke: ({ refreshToken }) => mutate(`revokeTicket(refreshToken: "${refreshToken}") { sessionsEnded }`),
  };
}

const bearer = (token) => ({ authorization: `Bearer ${token}` });
const nginx = "/usr/sbin/nginx";
const njs = "/usr/lib/nginx/modules/ngx_http_js_module.so";

// Starts nginx with a file of the guide, after replacing the addresses in it.
async function startNginx(name, addresses, port) {
  const place = join(folder, name);
  mkdirSync(join(place, "temporary"), { recursive: true });
  let text = files[name];
  for (const [from, to] of Object.entries(addresses)) {
    assert.ok(text.includes(from), `${from} is not in ${name}`);
    text = text.replaceAll(from, to);
  }
  write(`${name}/${name}`, text);
  write(`${name}/introspect.js`, files["introspect.js"]);
  const user = process.getuid() === 0 ? "user root;" : "";
  const http = `access_log off; client_body_temp_path temporary; proxy_temp_path temporary; include ${name};`;
  const main = `load_module ${njs}; ${user} daemon off; pid nginx.pid; error_log stderr; events {}`;
  write(`${name}/nginx.conf`, `${main} http { ${http} }\n`);
  return service(folder, [nginx, "-p", place, "-c", "nginx.conf", "-e", "stderr"], {}, port);
}

// Starts a service behind nginx. It answers with what nginx tells it about the shopper.
async function startBackend() {
  const backend = createServer((request, response) => {
    const { "x-ticket-user": user, "x-ticket-anonymous": anonymous } = request.headers;
    const { "x-ticket-behaviors": behaviors = "" } = request.headers;
    response.end(`the cart of ${user}, ${anonymous}, ${behaviors}\n`);
  });
  await new Promise((resolve) => backend.listen(0, "127.0.0.1", resolve));
  return { address: `127.0.0.1:${backend.address().port}`, stop: () => backend.close() };
}

// Tests a shop with the kinds of tokens that it accepts. open starts the parts of the shop, and
// returns the one that answers.
function shops(tickets, kinds, open) {
  let shop;
  const get = async (headers) => {
    const response = await fetch(`${shop.url}/cart`, { headers });
    const challenge = response.headers.get("www-authenticate");
    return { status: response.status, text: await response.text(), challenge };
  };
  const started = [];
  const start = async (what) => {
    const one = await what;
    started.push(one);
    return one;
  };
  before(async () => (shop = await open(start)));
  after(() => Promise.all(started.map((one) => one.stop())));

  for (const kind of kinds) {
    test(`accepts a valid ${kind}`, async () => {
      const ticket = await tickets.issue();
      const made = { "x-ticket-user": "somebody", "x-ticket-behaviors": "everything" };
      const { status, text } = await get({ ...bearer(ticket[kind]), ...made });
      assert.equal(status, 200);
      assert.match(text, new RegExp(`^the cart of ${ticket.userId}(, true, (cart.write)?)?\n$`));
    });

    test(`refuses a revoked ${kind} within a second`, async () => {
      const ticket = await tickets.issue();
      assert.equal((await get(bearer(ticket[kind]))).status, 200);
      await tickets.revoke(ticket);
      const begin = performance.now();
      let refused;
      do {
        await sleep(20);
        refused = await get(bearer(ticket[kind]));
      } while (refused.status === 200 && performance.now() - begin < 5_000);
      assert.equal(refused.status, 401);
      assert.ok(performance.now() - begin < 3_000, `it took ${performance.now() - begin} ms`); // on a busy machine
    });
  }

  test("refuses other tokens", async () => {
    const [{ [kinds[0]]: valid }, { [kinds[0]]: another }] = [await tickets.issue(), await tickets.issue()];
    const wrong = ["", "undefined", valid.slice(0, -3), `${valid}, Bearer ${another}`].map(bearer);
    for (const sent of [{}, ...wrong, { authorization: `Basic ${valid}` }]) {
      const { status, challenge } = await get(sent);
      assert.equal(status, 401, JSON.stringify(sent));
      assert.match(challenge, /^Bearer /);
    }
  });

  return { get };
}

function shopsOf(tickets) {
  const program = async (...command) => service(folder, command, tickets.environment, await freePort());

  describe("Go", () => {
    shops(tickets, ["jwtAccessToken"], (start) => start(program("./shop-program")));
  });

  describe("Node", () => {
    const node = shops(tickets, ["jwtAccessToken"], (start) => start(program("node", "shop.js")));
    if (tickets.forge) hostile(tickets, node);
  });

  describe("nginx and the gate", { skip: !existsSync(nginx) && "nginx is not installed" }, () => {
    let gate;
    const { get } = shops(tickets, ["jwtAccessToken", "accessToken"], async (start) => {
      gate = await start(program("./gate-program"));
      const [backend, port] = [await start(startBackend()), await freePort()];
      const addresses = {
        "127.0.0.1:3000": backend.address,
        "127.0.0.1:9000": gate.address,
        "127.0.0.1:8081": `127.0.0.1:${port}`,
      };
      return start(startNginx("gate.conf", addresses, port));
    });

    test("lets nobody through without the gate", async () => {
      const { accessToken } = await tickets.issue();
      await gate.stop();
      assert.equal((await get(bearer(accessToken))).status, 503);
    });
  });

  describe("nginx and njs", { skip: !existsSync(njs) && "njs is not installed" }, () => {
    shops(tickets, ["accessToken"], async (start) => {
      const [backend, port] = [await start(startBackend()), await freePort()];
      const { TICKETS_SERVER, TICKETS_SECRET } = tickets.environment;
      const formEncoded = `gateway:${TICKETS_SECRET.replace(" ", "+")}`;
      const credentials = Buffer.from(formEncoded).toString("base64");
      write("introspect.conf/ticket-credentials.conf", `proxy_set_header authorization "Basic ${credentials}";\n`);
      const addresses = {
        "127.0.0.1:3000": backend.address,
        "https://tickets.shop.example": TICKETS_SERVER,
        "127.0.0.1:8082": `127.0.0.1:${port}`,
        "/var/cache/nginx/tickets": join(folder, "introspect.conf/cache"),
      };
      return start(startNginx("introspect.conf", addresses, port));
    });
  });
}

// Tests that the options given to jose are right. Only a server that does wrong can show that.
function hostile(tickets, { get }) {
  const now = Math.floor(Date.now() / 1000);
  const unsigned = (ticket) => {
    const [, payload] = ticket.jwtAccessToken.split(".");
    return `${Buffer.from('{"alg":"none","typ":"at+jwt","kid":"1"}').toString("base64url")}.${payload}.`;
  };
  for (const [name, token] of Object.entries({
    "of another issuer": async () => (await tickets.issue({ iss: "https://evil.example" })).jwtAccessToken,
    "for another audience": async () => (await tickets.issue({ aud: ["https://evil.example"] })).jwtAccessToken,
    "that has expired": async () => (await tickets.issue({ exp: now - 1 })).jwtAccessToken,
    "of another type": async () => (await tickets.issue({}, { typ: "JWT" })).jwtAccessToken,
    "that is a list": async () => (await tickets.issue({}, { typ: "revoked-tickets+jwt" })).jwtAccessToken,
    "without a session": async () => (await tickets.issue({ sid: undefined })).jwtAccessToken,
    "of an application that is not listed": async () => (await tickets.issue({ client_id: "kiosk" })).jwtAccessToken,
    "of another key": async () => (await tickets.forge()).jwtAccessToken,
    "of an unknown key": async () => (await tickets.forge({}, { kid: "2" })).jwtAccessToken,
    "of a key that it brings": async () =>
      (await tickets.forge({}, { jku: "https://evil.example/jwks.json" })).jwtAccessToken,
    "without a signature": async () => unsigned(await tickets.issue()),
  })) {
    test(`refuses a ticket ${name}`, async () => assert.equal((await get(bearer(await token()))).status, 401));
  }

  test("accepts only the server's newest list", async () => {
    const ticket = await tickets.issue();
    await tickets.revoke(ticket);
    await sleep(1_500);
    const older = () => tickets.publish({ sids: {}, iat: Math.floor(Date.now() / 1000) - 60 });
    const ofAnother = () => tickets.publish({ sids: {}, iss: "https://evil.example" });
    const forged = () => tickets.publishForged({ sids: {} });
    for (const publish of [older, ofAnother, forged]) {
      await publish();
      await sleep(1_200);
      assert.equal((await get(bearer(ticket.jwtAccessToken))).status, 401);
    }
    await tickets.publish();
  });
}

before(async () => {
  write("tickets.js", files["tickets.js"]);
  write("shop.js", files["shop.js"]);
  write("package.json", '{"type":"module"}');
  await buildGo();
});

describe("tickets of a small server", () => shopsOf(issuer()));

describe("tickets of the server", () => shopsOf(realServer()));

test("nginx is there if CI=true", () => {
  if (process.env.CI === "true") assert.equal(spawnSync(nginx, ["-v"]).status, 0);
});
