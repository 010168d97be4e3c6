import { defineConfig, type ViteUserConfig } from "vitest/config";

/** A browser that has to be started on a busy machine. */
const TIMEOUT_MS = 60_000;

/** The tests of what a browser shows: `npm run test:browser`. They need Chromium, and so are not in the default run. */
const config: ViteUserConfig = defineConfig({
  test: {
    include: ["browser-tests/**/*.test.ts"],
    pool: "forks",
    testTimeout: TIMEOUT_MS,
    hookTimeout: TIMEOUT_MS,
  },
});

export default config;
