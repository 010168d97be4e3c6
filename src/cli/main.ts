#!/usr/bin/env node
/** The `umcg` command. */
import { setFlagsFromString } from "node:v8";
import { nodeIo } from "./io.ts";
import { runCli } from "./run-cli.ts";

// Room for V8 to inline the whole path of a simulated context switch: a third less time (docs/performance.md). Set here,
// where the process is ours, before any of that code is hot.
setFlagsFromString("--max-inlined-bytecode-size-cumulative=3000");

// A reader that has seen enough (umcg ... | head) is no failure.
for (const stream of [process.stdout, process.stderr]) {
  stream.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code !== "EPIPE") throw error;
  });
}
// Nothing is left that could go on, and the command has not ended: else Node shows a line of this file.
const stuck = (): never => {
  process.stderr.write(
    "umcg: ERR_PROGRAM_FILE: a module that was loaded awaits, at its top level, what never comes\n",
  );
  process.exit(2);
};
process.once("beforeExit", stuck);
const exitCode = await runCli(process.argv.slice(2), nodeIo());
process.off("beforeExit", stuck);
process.exitCode = exitCode;
