import { readFileSync } from "node:fs";

const text = readFileSync(new URL("../../docs/clients.md", import.meta.url), "utf8");

// The files in docs/clients.md by name, and the servers that it starts. Each server has the
// commands up to the next server. Each command has the files before it and the output after it.
export const files = {};
export const servers = [];

let before = [];
for (const section of text.split(/^## /m)) {
  const heading = section.split("\n", 1)[0];
  for (const [, language, name, text] of section.matchAll(/^```(\w*) ?(.*)\n([^]*?)^```$/gm)) {
    const [, flags] = text.match(/^authtickets serve (.*)\n$/) ?? [];
    if (name) {
      files[name] = text;
      before.push(name);
    } else if (flags) {
      servers.push({ flags: flags.split(" "), runs: [] });
    } else if (language === "sh") {
      servers.at(-1).runs.push({ heading, names: before, commands: text, output: "" });
      before = [];
    } else if (language === "text") {
      servers.at(-1).runs.at(-1).output = text;
    } else {
      throw new Error(`${heading}: a snippet that is neither a file, nor commands, nor their output:\n${text}`);
    }
  }
}
if (before.length > 0) throw new Error(`files that no command comes after: ${before}`);
