import { resolve } from "node:path";
import { defineConfig, type ViteUserConfig } from "vitest/config";

// Workers and child processes of tests load the same modules again and again: a third of what starting one costs is compiling them.
process.env["NODE_COMPILE_CACHE"] ??= resolve(import.meta.dirname, "node_modules/.cache/compile");

/** The slowest test takes 8 s on a quiet machine; one that is busy with something else is no failure. It is for what hangs. */
const TEST_TIMEOUT_MS = 180_000;

/** A run that asks for its own number of cases (`npm run fuzz`) takes as long as it takes. */
const propertyTimeoutMs = process.env["FC_RUNS"] === undefined ? TEST_TIMEOUT_MS : 0;

const config: ViteUserConfig = defineConfig({
  test: {
    // The default leaves one CPU to whoever watches: of two, half.
    maxWorkers: "100%",
    // A quarter of a run was importing the same modules again for each file. No module here keeps state of its own.
    isolate: false,
    projects: [
      {
        test: {
          name: "unit",
          include: ["test/**/*.test.ts"],
          pool: "forks",
          testTimeout: TEST_TIMEOUT_MS,
          hookTimeout: TEST_TIMEOUT_MS,
        },
      },
      {
        test: {
          name: "property",
          include: ["property-tests/**/*.test.ts"],
          setupFiles: ["property-tests/setup.ts"],
          pool: "forks",
          testTimeout: propertyTimeoutMs,
          hookTimeout: propertyTimeoutMs,
        },
      },
    ],
  },
});

export default config;
