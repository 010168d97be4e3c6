#!/usr/bin/env node
/** The `umcg` command. */
import { nodeIo } from "./io.ts";
import { runCli } from "./run-cli.ts";

// A reader that has seen enough (umcg ... | head) is no failure.
for (const stream of [process.stdout, process.stderr]) {
  stream.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code !== "EPIPE") throw error;
  });
}
process.exitCode = await runCli(process.argv.slice(2), nodeIo());
