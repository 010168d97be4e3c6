import { defineConfig, type ViteUserConfig } from "vitest/config";

/** Packing, installing and type checking a project take a minute on a machine that has other things to do. */
const TIMEOUT_MS = 300_000;

/** The tests of what is published: `npm run test:package`. They build, pack and install, and so are not in the default run. */
const config: ViteUserConfig = defineConfig({
  test: {
    include: ["package-tests/**/*.test.ts"],
    globalSetup: ["package-tests/setup.ts"],
    pool: "forks",
    maxWorkers: "100%",
    testTimeout: TIMEOUT_MS,
    hookTimeout: TIMEOUT_MS,
  },
});

export default config;
