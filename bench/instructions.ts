/**
 * How many instructions a simulated context switch takes: a figure that does not depend on what else the machine does.
 *
 *     npm run -s bench:instructions
 *     {"name":"sim/umcg-swap","value":3444,"unit":"instructions","windows":[21106,9653,3444,3579,3559]}
 *
 * Runs two UMCG workers on one vCPU under valgrind, which writes down its count at each call of `os.loadavg`: that is a
 * function of Node's own with a symbol, and nobody else calls it. The value is the least of the windows between two calls;
 * in the first ones V8 still compiles. V8's helper threads are off and its seeds are fixed; docs/performance.md says how far
 * two runs can be compared. Exit code 1: valgrind is missing or failed.
 */
import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { loadavg, tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { TICKLESS } from "../src/bench/workload.ts";
import { startSwapRing } from "../src/bench/workloads/umcg-swap.ts";
import { createMachine } from "../src/machine.ts";

/** A round is two switches. */
const ROUNDS = 10_000;
const WINDOWS = 5;
/** As in bench:sim. */
const FLAGS = ["--max-inlined-bytecode-size-cumulative=3000"];
/** Without incremental marking: with one thread it would go on through all windows, and its write barriers with it. */
const STEADY = ["--single-threaded", "--no-incremental-marking", "--random-seed=1", "--hash-seed=1"];

if (process.argv[2] === "--counted") switchAndMark();
else if (!count()) process.exitCode = 1;

/** What valgrind runs. */
function switchAndMark(): void {
  const machine = createMachine({ ...TICKLESS, vcpus: 1, maxTasks: 3, trace: false });
  const onRound = (round: number): void => {
    if (round % ROUNDS === 0) loadavg();
  };
  startSwapRing(machine, { total: WINDOWS * ROUNDS, onRound }, 2, 0);
  machine.run();
}

function count(): boolean {
  const folder = mkdtempSync(join(tmpdir(), "instructions-"));
  try {
    const out = join(folder, "out");
    const counts = ["--tool=callgrind", `--callgrind-out-file=${out}`, "--dump-before=node::os::GetLoadAvg*"];
    const node = [process.execPath, ...FLAGS, ...STEADY, fileURLToPath(import.meta.url), "--counted"];
    const { error, status, stderr } = spawnSync("valgrind", [...counts, ...node], { encoding: "utf8" });
    if (error !== undefined || status !== 0) {
      const missing = error !== undefined && "code" in error && error.code === "ENOENT";
      console.error(
        missing ? "bench:instructions needs valgrind, which is not installed" : (error ?? stderr),
      );
      return false;
    }
    const windows = windowsIn(folder);
    if (windows.length === 0) {
      console.error("bench:instructions: valgrind saw no call of os.loadavg: this node has no symbols");
      return false;
    }
    const value = Math.min(...windows);
    console.log(JSON.stringify({ name: "sim/umcg-swap", value, unit: "instructions", windows }));
    return true;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Instructions a switch between each two calls. The first part is what came before, without a number is what came after. */
function windowsIn(folder: string): number[] {
  const parts = readdirSync(folder).filter((name) => /\.\d+$/.test(name) && name !== "out.1");
  const inOrder = parts.sort((a, b) => Number(a.slice(4)) - Number(b.slice(4)));
  return inOrder.map((name) => {
    const total = /^totals: (\d+)/m.exec(readFileSync(join(folder, name), "utf8"));
    return Math.round(Number(total?.[1]) / (2 * ROUNDS));
  });
}
