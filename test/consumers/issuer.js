import { randomBytes } from "node:crypto";
import { createServer } from "node:http";
import { after, before } from "node:test";
import { exportJWK, generateKeyPair, SignJWT } from "jose";

const now = () => Math.floor(Date.now() / 1000);
const id = () => randomBytes(16).toString("hex");

// A small server that signs tickets and answers programs that verify them, for the tests of the
// suite that calls this. Unlike the real server, it can sign invalid tickets.
export function issuer() {
  const uri = "https://tickets.shop.example";
  const sids = {};
  const live = new Map();
  let keys;
  let stranger;
  let server;
  const issuer = {
    environment: { TICKETS_ISSUER: uri, TICKETS_AUDIENCE: "https://api.shop.example", TICKETS_SECRET: "a b" },

    // A ticket whose JWT has other claims and headers than usual.
    async issue(claims = {}, header = {}, key = keys.privateKey) {
      const ticket = { userId: id(), sessionId: id(), accessToken: id() };
      const { userId: sub, sessionId: sid } = ticket;
      const aud = [issuer.environment.TICKETS_AUDIENCE];
      const usual = { iss: uri, aud, sub, client_id: "storefront", sid, jti: id() };
      const times = { iat: now(), exp: now() + 900, auth_time: now() };
      const rest = { behaviors: ["cart.write"], anonymous: true };
      live.set(ticket.accessToken, { ...usual, ...times, ...rest, scope: "cart.write" });
      ticket.jwtAccessToken = await sign("at+jwt", { ...usual, ...times, ...rest, ...claims }, header, key);
      return ticket;
    },

    // A ticket signed with a key that is not the server's.
    forge: (claims, header) => issuer.issue(claims, header, stranger.privateKey),

    async revoke({ sessionId, accessToken }) {
      sids[sessionId] = now() + 900;
      live.delete(accessToken);
      await publish();
    },

    // Publishes a list of revoked tickets, which may be wrong.
    publish,
  };

  const sign = (typ, claims, header, key) =>
    new SignJWT(claims).setProtectedHeader({ alg: "ES256", kid: "1", typ, ...header }).sign(key);
  let list;
  async function publish(claims = {}, header = {}, key = keys.privateKey) {
    const usual = { iss: uri, iat: now(), exp: now() + 120, sids, applications: { storefront: 0 } };
    list = await sign("revoked-tickets+jwt", { ...usual, ...claims }, header, key);
  }
  issuer.publishForged = (claims) => publish(claims, {}, stranger.privateKey);

  async function introspect(request) {
    const authorization = Buffer.from("gateway:a+b").toString("base64"); // form-urlencoded
    if (request.headers.authorization !== `Basic ${authorization}`) return [401, {}];
    const body = Buffer.concat(await request.toArray()).toString();
    const answer = live.get(new URLSearchParams(body).get("token"));
    return [200, answer ? { active: true, ...answer } : { active: false }];
  }

  async function answer(request) {
    switch (`${request.method} ${request.url}`) {
      case "GET /.well-known/jwks.json":
        return [200, { keys: [{ ...(await exportJWK(keys.publicKey)), kid: "1", alg: "ES256", use: "sig" }] }];
      case "GET /.well-known/revoked-tickets": {
        const etag = `"${list.slice(-10)}"`;
        return request.headers["if-none-match"] === etag ? [304, "", etag] : [200, list, etag];
      }
      case "POST /oauth/introspect":
        return introspect(request);
      default:
        return [404, {}];
    }
  }

  before(async () => {
    keys = await generateKeyPair("ES256");
    stranger = await generateKeyPair("ES256");
    await publish();
    server = createServer(async (request, response) => {
      const [status, body, etag] = await answer(request);
      if (etag) response.setHeader("etag", etag);
      response.writeHead(status).end(typeof body === "string" ? body : JSON.stringify(body));
    });
    await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
    issuer.environment.TICKETS_SERVER = `http://127.0.0.1:${server.address().port}`;
  });

  after(() => {
    server.closeAllConnections();
    server.close();
  });

  return issuer;
}
