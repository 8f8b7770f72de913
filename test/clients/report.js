// A reporter for node --test. It prints what failed, with the output of its file, and the counts on
// the last line.
import { inspect } from "node:util";

const textOf = (error) => inspect(error, { depth: 5 }).replace(/^ +at .*(node:internal|node_modules).*\n/gm, "");

export default async function* report(events) {
  let passed = 0;
  let failed = 0;
  const names = [];
  const printed = new Map();
  for await (const { type, data } of events) {
    switch (type) {
      case "test:start":
        names[data.nesting] = data.name;
        break;
      case "test:stdout":
      case "test:stderr":
        printed.set(data.file, (printed.get(data.file) ?? "") + data.message);
        break;
      case "test:pass":
        if (data.details.type !== "suite") passed++;
        break;
      case "test:fail": {
        const { error } = data.details;
        if (error.failureType === "subtestsFailed") break; // they report it
        failed++;
        if (error.failureType === "cancelledByParent") break; // the parent reports why
        const name = [...names.slice(0, data.nesting), data.name].join(" › ");
        yield `FAILED ${name}\n${printed.get(data.file) ?? ""}${textOf(error.cause ?? error)}\n\n`;
        printed.delete(data.file);
      }
    }
  }
  if (failed > 0 || passed === 0) process.exitCode = 1;
  yield `clients: ${passed} passed, ${failed} failed\n`;
}
