// Measures what a page loads, bundled, minified and gzipped, and fails beyond the limits. It leaves
// out the packages that an application has anyway.
import { gzipSync } from "node:zlib";

import { build } from "esbuild";
import { minify } from "terser";

const limits = [
  ["core", 4096, 'export { createShopper } from "@authtickets/client";'],
  [
    "core and Apollo",
    5120,
    'export { createShopper } from "@authtickets/client"; export * from "@authtickets/client/apollo";',
  ],
];

for (const [name, limit, contents] of limits) {
  const { outputFiles } = await build({
    stdin: { contents, resolveDir: import.meta.dirname },
    bundle: true,
    splitting: true, // only pages without IndexedDB load the memory store
    format: "esm",
    target: "es2022",
    outdir: "unused",
    write: false,
    external: ["@apollo/client/core"],
  });
  const sizes = outputFiles.map(async ({ text }) => {
    const { code } = await minify(text, { module: true, ecma: 2022, compress: { passes: 2 } });
    return gzipSync(code, { level: 9 }).length;
  });
  const [entry, ...rest] = await Promise.all(sizes);
  console.log(`${name}: ${entry} of ${limit} bytes${rest.map((size) => `, and ${size} without IndexedDB`).join("")}`);
  if (entry > limit) process.exitCode = 1;
}
