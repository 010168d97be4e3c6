/** What `--help` prints. */
import { WARM_UP_ROUNDS } from "../bench/meter.ts";
import type { Workload } from "../bench/workload.ts";
import {
  DEFAULT_LOOPS,
  DEFAULT_MATRIX_LOOPS,
  DEFAULT_REPORTED_LOOPS,
  DEFAULT_TRACED_LOOPS,
  DEFAULT_VCPUS,
} from "./args.ts";
import { RUN_HELP } from "./run-plan.ts";
import { STUDIES } from "./study.ts";
import { DEFAULT_THREAD_LOOPS, MAX_THREAD_VCPUS } from "./threads-plan.ts";

export const MAIN_HELP = `Usage: umcg <command> [options]

M:N userspace threading on a simulated SMP kernel with UMCG, in virtual time.

Commands:
  bench       measure how long a wake-up takes
  explore     try every interleaving of a program
  merge       put the results of shards of an exploration together
  replay      show one, step by step
  calibrate   derive a cost profile from the machine this runs on

Options:
  -h, --help  show this help, or that of a command: umcg bench --help
  --version   show the version

Examples:
  umcg bench --matrix
  umcg bench compare before.json after.json
  umcg explore my-lock.ts
`;

const BENCH_END = `
Ctrl-C ends the run; what there is by then is printed.
Exit codes: 0 done, 1 the run failed, 2 bad usage, 130 interrupted.

Examples:
  umcg bench umcg-swap --wake current-cpu
  umcg bench pipe --profile guest --jitter --repeat 10
  umcg bench pipe --wake current-cpu --against any --report pipe.html
  umcg bench --matrix --vcpus 2 --report matrix.html
  umcg bench pipe --host threads --place same
`;

const THREADS_HELP = `  --host HOST      virtual | threads (default virtual): vCPUs that are threads,
                   in real time. Of the options above it takes --vcpus (1 to ${MAX_THREAD_VCPUS},
                   default: as many as cores, 2 to 8), --fair, --loops (default
                   ${DEFAULT_THREAD_LOOPS}), --warm-up, --trace, --report and --against PLACE
  --place PLACE    with --host threads: tasks on the same vCPU, or apart on
                   vCPUs in turn (default apart)`;

export function benchHelp(workloads: readonly Workload[]): string {
  const width = Math.max(...[...workloads, ...STUDIES].map(({ name }) => name.length));
  const lines = (all: readonly { readonly name: string; readonly summary: string }[]): string =>
    all.map(({ name, summary }) => `  ${name.padEnd(width)}  ${summary}`).join("\n");
  return `Usage: umcg bench <workload> [options]
       umcg bench --matrix [options]
       umcg bench compare A.json B.json [options]

Boots a simulated machine, runs a workload on it and prints the three spans of a
wake-up: wake to queued (what waking costs), queued to running (what scheduling
costs), wake to user (the whole way).

Workloads:
${lines(workloads)}

Studies, with options and reports of their own (umcg bench NAME --help):
${lines(STUDIES)}

compare says whether two runs really differ (umcg bench compare --help).

Options:
  --vcpus N        vCPUs, 1 to 1024 (default ${DEFAULT_VCPUS})
  --wake MODE      any | sync | current-cpu, for all primitives
                   (default: as Linux: futex any, pipe sync, UMCG current-cpu)
  --profile NAME   native | guest | ideal (all is free), or a .json file of your
                   own: cost model of the machine (default native)
  --idle STATE     state of an idle vCPU: poll, c1, c1e, c6 (native); poll, hlt
                   (guest); or who chooses one: menu, haltpoll, oracle
  --fair POLICY    virtual-time | eevdf-6.12 | eevdf-7.2: rules of the fair
                   class (default virtual-time), or fcfs | rr | ps | srpt: one
                   queue for all CPUs
  --smt N          threads of a core, 1 to 8 (default 1); CPU c is thread c % N
                   of core c / N
  --llc N          cores that share a last-level cache (default: all)
  --socket N       LLCs of a socket (default: all)
  --working-set N  bytes that a task fetches again when it comes to another core
                   (default 0)
  -l, --loops N    rounds to measure (default ${DEFAULT_LOOPS}; with --trace ${DEFAULT_TRACED_LOOPS}; with
                   --report ${DEFAULT_REPORTED_LOOPS}; with --matrix ${DEFAULT_MATRIX_LOOPS})
  --warm-up N      rounds before those (default ${WARM_UP_ROUNDS})
  --seed N         seed of the jitter (default 1)
  --jitter         spread the costs around their median; --no-jitter: keep them
                   fixed (default: fixed; spread with --matrix)
  --check          hold every machine to the invariants of UMCG, I1 to I44: what
                   breaks one ends the run with its number, the words involved
                   and the last events; takes several times the wall time
  --trace FILE     write a timeline for ui.perfetto.dev
  --report FILE    write a report, one HTML file: latencies, utilisation,
                   timeline
  --against MODE   in the report, beside the run one with this wake mode
  --matrix         every workload with every wake mode and profile

${THREADS_HELP}

${RUN_HELP}
${BENCH_END}`;
}
