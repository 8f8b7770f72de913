import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { composeServices } from "@apollo/composition";
import { parse } from "graphql";
import { server } from "../clients/server.js";
import { ask } from "./ask.js";
import { files } from "./guide.js";

const service = { query: "{ _service { sdl } }" };
const entities = {
  query: '{ _entities(representations: [{ __typename: "CustomerAccount", userId: "0" }]) { __typename } }',
};

describe("a subgraph", () => {
  const shop = server("--federation", "--no-introspection");

  test("composes, alone and with another", async () => {
    const { data } = await ask(shop.uri, service);
    const own = { name: "authtickets", url: shop.uri, typeDefs: parse(data._service.sdl) };
    const orders = { name: "orders", url: "http://orders/", typeDefs: parse(files["orders.graphqls"]) };
    for (const subgraphs of [[own], [own, orders]]) {
      const { errors = [], supergraphSdl } = composeServices(subgraphs);
      assert.deepEqual(errors, []);
      assert.match(supergraphSdl, /type CustomerAccount\s+@join__type\(graph: AUTHTICKETS, key: "userId"/);
    }
  });
});

describe("a server that is not a subgraph", () => {
  const shop = server();

  for (const request of [service, entities]) {
    test(`refuses ${request.query}`, async () => {
      const { errors, data } = await ask(shop.uri, request);
      assert.equal(errors[0].extensions.code, "GRAPHQL_VALIDATION_FAILED");
      assert.equal(data, undefined);
    });
  }
});
