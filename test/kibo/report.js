import report from "../clients/report.js";

export default async function* (events) {
  for await (const text of report(events)) yield text.replace(/^clients:/, "kibo:");
}
