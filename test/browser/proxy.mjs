import { once } from "node:events";
import { readFile } from "node:fs/promises";
import http from "node:http";
import { extname } from "node:path";

const types = { ".html": "text/html", ".js": "text/javascript" };
const operations = /\b(anonymousShopperTicket|createUserTicket|refreshTicket|revokeTicket|endSession|currentShopper)\b/;
const pages = new URL("page/", import.meta.url);
const page502 = "<!doctype html><title>502</title><h1>Bad gateway</h1>";

// Is between the pages of one row and their server. It serves the page, counts operations by name,
// and injects faults. The server always does its work before a fault affects the answer.
export class Proxy {
  // The delay of each answer, in milliseconds.
  latency = 0;
  // Whether every operation gets an HTML page and does not reach the server.
  isCutOff = false;
  counts = {};
  #faults = new Map();
  #server = http.createServer((request, response) => {
    this.#handle(request, response).catch((error) => {
      if (!response.destroyed) response.writeHead(500).end(error.message);
    });
  });

  // The client is a folder of modules and the entry that pages import.
  constructor(server, client) {
    this.server = server;
    this.client = client;
  }

  async listen() {
    this.#server.listen(0, "127.0.0.1");
    await once(this.#server, "listening");
    this.origin = `http://127.0.0.1:${this.#server.address().port}`;
  }

  close() {
    this.#server.close();
    this.#server.closeAllConnections();
  }

  count(operation) {
    return this.counts[operation] ?? 0;
  }

  // Spoils the server's next answers to this operation. "drop" breaks the connection, "hang" never
  // answers, and a number delays the answer by that many milliseconds. The promise resolves when
  // the server has done the work.
  spoil(operation, fault, times = 1) {
    return new Promise((worked) => this.#faults.set(operation, { fault, times, worked }));
  }

  mend() {
    this.#faults.clear();
  }

  async #handle(request, response) {
    const { pathname } = new URL(request.url, this.origin);
    if (pathname !== "/graphql") return this.#serve(pathname, response);

    const body = await read(request);
    const [operation] = String(body).match(operations) ?? ["other"];
    this.counts[operation] = this.count(operation) + 1;
    if (this.isCutOff) return sendPage(response);

    const spoilt = this.#faults.get(operation);
    if (spoilt && --spoilt.times === 0) this.#faults.delete(operation);
    const answer = await this.#ask(request, body).catch(() => undefined);
    spoilt?.worked();
    await this.#answer(response, answer, spoilt?.fault);
  }

  async #answer(response, answer, fault) {
    if (fault === "hang") return;
    if (fault === "drop") return response.destroy();

    await sleep(this.latency + (fault ?? 0));
    if (!answer) return sendPage(response);
    response.writeHead(answer.status, answer.headers).end(answer.body);
  }

  async #ask({ method, url, headers }, body) {
    const target = { host: "127.0.0.1", port: this.server.port, path: url };
    const upstream = http.request({ ...target, method, headers, agent: false });
    upstream.end(body);
    const [answer] = await once(upstream, "response");
    return { status: answer.statusCode, headers: answer.headers, body: await read(answer) };
  }

  async #serve(pathname, response) {
    if (pathname === "/") return send(response, "index.html", pageOf(this.client.entry));

    const [, ofClient, path] = pathname.match(/^\/(client\/)?(.*)$/);
    const folder = ofClient ? this.client.folder : pages;
    const content = await readFile(new URL(path, folder)).catch(() => undefined);
    return content ? send(response, path, content) : response.writeHead(404).end();
  }
}

function pageOf(entry) {
  const imports = JSON.stringify({ imports: { "@authtickets/client": new URL(entry, "http://x/client/").pathname } });
  return `<!doctype html>
<title>A page under test</title>
<link rel="icon" href="data:,">
<script type="importmap">${imports}</script>
<script type="module" src="/page.js"></script>`;
}

function send(response, path, content) {
  const headers = { "content-type": types[extname(path)] ?? "application/octet-stream", "cache-control": "no-store" };
  response.writeHead(200, headers).end(content);
}

async function read(stream) {
  const chunks = [];
  for await (const chunk of stream) chunks.push(chunk);
  return Buffer.concat(chunks);
}

function sendPage(response) {
  response.writeHead(502, { "content-type": "text/html" }).end(page502);
}

export const sleep = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));
