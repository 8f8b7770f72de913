import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { connect } from "node:net";
import { after, before } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { createServer } from "node:tls";
import { server } from "../clients/server.js";

export const tenant = 4711;
export const site = 42;
export const demo = { username: "demo", password: "correct horse battery staple" };
export const locked = { ...demo, username: "locked" };
export const wrong = { ...demo, password: "wrong" };

// Starts a server for Kibo's clients, for all tests of the file that calls this. Its `http` and
// `https` are set when they run.
export async function shop(...flags) {
  const tls = await encrypted(() => new URL(shop.uri));
  const domain = `127.0.0.1:${tls.address().port}`;
  const kibo = ["--kibo", `--kibo-tenant=${tenant}`, `--kibo-domain=${domain}`, `--kibo-sites=${site}=storefront`];
  const shop = server(...kibo, ...flags);

  // Creates an application before the server starts. Returns what Kibo's clients have in their
  // configuration.
  shop.application = (id, ...flags) => {
    const clientId = `Shop.${id}.1.0.0.Release`;
    const output = shop.operate("", "application", "create", id, "--confidential", `--client-id=${clientId}`, ...flags);
    return { clientId, sharedSecret: output.toString().trim().split(": ").at(-1) };
  };

  before(() => {
    shop.http = new URL(shop.uri).origin;
    shop.https = `https://${domain}`;
    shop.domain = domain;
  });
  after(() => tls.close());
  return shop;
}

// Listens with TLS, and passes what is inside to the server at a URL.
async function encrypted(target) {
  const file = (name) => readFileSync(new URL(`build/${name}`, import.meta.url));
  const listener = createServer({ cert: file("cert.pem"), key: file("key.pem") }, (outside) => {
    const { hostname, port } = target();
    const inside = connect({ host: hostname, port });
    outside.pipe(inside).pipe(outside);
    outside.on("error", () => inside.destroy());
    inside.on("error", () => outside.destroy());
  });
  await new Promise((resolve) => listener.listen(0, "127.0.0.1", resolve));
  return listener;
}

const require = createRequire(import.meta.url);

// Loads modules of Kibo's packages as a new program would. They keep tickets in global variables.
export function load(...names) {
  for (const file of Object.keys(require.cache)) delete require.cache[file];
  return names.map((name) => require(name));
}

// Waits until an instant is over, for example the expiration of a token.
export const over = (instant) => sleep(Math.max(0, new Date(instant) - Date.now()) + 50);

// Returns the claims of a ticket's JWT, as Kibo's storefront reads them.
export const claimsOf = ({ jwtAccessToken }) =>
  JSON.parse(Buffer.from(jwtAccessToken.split(".")[1], "base64").toString("ascii"));

// Sends a request to a resource below /api, and returns the status and the content of the answer.
export async function ask(shop, method, path, body, headers) {
  const response = await fetch(`${shop.http}/api/${path}`, {
    method,
    headers: { ...(body && { "content-type": "application/json" }), ...headers },
    body: body && JSON.stringify(body),
  });
  return { status: response.status, headers: response.headers, content: await response.json() };
}
