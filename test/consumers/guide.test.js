// Follows docs/clients.md from top to bottom. It writes the files, starts the servers, runs the
// commands, and compares what they print.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { server } from "../clients/server.js";
import { gateway } from "./gateway.js";
import { files, servers } from "./guide.js";
import { project } from "./project.js";
import { trusted } from "./trusted.js";

const { folder, write, run } = project("guide");
process.chdir(folder); // for the servers, too

// Replaces ids, which the guide shortens, and which always differ.
const withoutIds = (text) => text.replace(/\b[0-9a-f]{32}\b|\b[0-9a-f]{8}…/g, "ID");

for (const { flags, runs } of servers) {
  describe(["serve", ...flags].join(" "), () => {
    const shop = server(...flags.filter((flag) => flag !== "--demo"));
    for (const { heading, names, commands, output } of runs) {
      test(`${heading}: ${commands.trim().replaceAll("\n", "; ")}`, async () => {
        for (const name of names) write(name, files[name]);
        const printed = await run(commands, { AUTHTICKETS_URL: shop.uri });
        if (output) assert.equal(withoutIds(printed), withoutIds(output));
      });
    }
    if (flags.includes("--operations-only")) trusted(shop, folder);
    if (flags.includes("--federation")) gateway(shop, folder);
  });
}
