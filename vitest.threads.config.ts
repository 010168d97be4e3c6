/** Tests of the kernel on the threads host: the same files with machines of real time (test/support/one-thread). */
import { resolve } from "node:path";
import { defineConfig, type ViteUserConfig } from "vitest/config";

const ONE_THREAD = resolve(import.meta.dirname, "test/support/one-thread");
const TESTS = resolve(import.meta.dirname, "test");

const config: ViteUserConfig = defineConfig({
  plugins: [
    {
      name: "one-thread",
      enforce: "pre",
      resolveId(source, importer) {
        if (importer?.startsWith(TESTS) !== true || importer.startsWith(ONE_THREAD)) return null;
        if (/\/src\/machine\.ts$/.test(source)) return resolve(ONE_THREAD, "machine.ts");
        return /\/src\/index\.ts$/.test(source) ? resolve(ONE_THREAD, "index.ts") : null;
      },
    },
  ],
  test: {
    include: ["test/{kernel-sim,umcg,worker,server}/**/*.test.ts"],
    setupFiles: [resolve(ONE_THREAD, "count.ts")],
    pool: "forks",
    testTimeout: 20_000,
    isolate: false,
    maxWorkers: "100%",
  },
});

export default config;
