/** For the tests of test.interleave: tests that are to fail, which no other run finds. */
import { defineConfig, type ViteUserConfig } from "vitest/config";

const config: ViteUserConfig = defineConfig({ test: { include: ["test/vitest/sample.ts"] } });

export default config;
