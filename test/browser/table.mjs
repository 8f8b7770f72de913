// The table that the program prints. Bounds are in parentheses.
const widths = [47, 20, 11, 18];
const columns = ["run", "wrongly signed out", "refreshes", "visible failures"];

const lay = (cells) => cells.map((cell, n) => cell.padEnd(widths[n] ?? 0)).join("").trimEnd();

export const header = lay(columns);

// Adds its bounds to a result, and whether the result keeps them all.
export function judged(result) {
  const { row, signedOut, refreshes, failures, faults } = result;
  const mostRefreshes = row.refreshes ?? Infinity;
  const mostFailures = row.failures ?? 0;
  const holdBounds = refreshes <= mostRefreshes && failures.length <= mostFailures;
  const holds = holdBounds && signedOut.length === 0 && faults.length === 0;
  return { ...result, mostRefreshes, mostFailures, holds };
}

// Returns one line of the table, followed by what went wrong.
export function line({ row, signedOut, refreshes, mostRefreshes, failures, mostFailures, faults, notes, holds }) {
  const numbers = [
    `${signedOut.length} (0)`,
    mostRefreshes < Infinity ? `${refreshes} (${mostRefreshes})` : `${refreshes}`,
    mostFailures < Infinity ? `${failures.length} (${mostFailures})` : `${failures.length}`,
  ];
  const details = holds ? [] : [...faults, ...signedOut, ...failures.map(describe)].map((detail) => `    ${detail}`);
  const remarks = [...(holds ? [] : ["FAILED"]), ...notes].join(" ");
  return [lay([row.name, ...numbers, remarks]), ...details].join("\n");
}

function describe({ start, end, error }) {
  return end ? `a query failed after ${Math.round(end - start)} ms: ${error}` : "a query was never answered";
}
