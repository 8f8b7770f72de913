import { readFileSync } from "node:fs";

// The clients that a page can use: the folder of each, and the file that the page imports.
const root = new URL("../../client/", import.meta.url);

export function packageClient() {
  const { exports } = JSON.parse(readFileSync(new URL("package.json", root)));
  const entry = find(exports["."].import);
  return { folder: root, entry };
}

export const naiveClient = () => ({ folder: new URL("page/", import.meta.url), entry: "naive.js" });

// The conditions below "import" name the file at any depth.
function find(conditions) {
  if (typeof conditions === "string") return conditions;
  return find(conditions.default);
}
