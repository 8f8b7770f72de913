// The table that the program prints. Bounds are in parentheses.
const widths = [47, 20, 11, 18];
const columns = ["run", "wrongly signed out", "refreshes", "visible failures"];

const lay = (cells) => cells.map((cell, n) => cell.padEnd(widths[n] ?? 0)).join("").trimEnd();

export const header = lay(columns);

// One line of the table, with what went wrong below it, and whether every bound holds.
export function line({ row, signedOut, refreshes, failures, faults, notes }) {
  const mostRefreshes = row.refreshes ?? Infinity;
  const mostFailures = row.failures ?? 0;
  const holds = signedOut.length === 0 && refreshes <= mostRefreshes && failures.length <= mostFailures && faults.length === 0;

  const numbers = [
    `${signedOut.length} (0)`,
    mostRefreshes < Infinity ? `${refreshes} (${mostRefreshes})` : `${refreshes}`,
    mostFailures < Infinity ? `${failures.length} (${mostFailures})` : `${failures.length}`,
  ];
  const details = holds ? [] : [...faults, ...signedOut, ...failures.map(describe)].map((detail) => `    ${detail}`);
  const text = [lay([row.name, ...numbers, [holds ? "" : "FAILED", ...notes].filter(Boolean).join(" ")]), ...details];
  return { text: text.join("\n"), holds };
}

function describe({ start, end, error }) {
  return end ? `a query failed after ${Math.round(end - start)} ms: ${error}` : "a query was never answered";
}
