// Prints how many tests have passed and failed, according to the file that vitest has written.
import { readFileSync } from "node:fs";

const { numPassedTests = 0, numFailedTests = 0 } = JSON.parse(readFileSync(process.argv[2], "utf8") || "{}");
console.log(numPassedTests, numFailedTests);
