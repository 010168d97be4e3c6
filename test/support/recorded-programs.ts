/** Programs whose runs on real threads are followed on the explore host (docs/threads-host.md). */
import { type Addr, offsetBy } from "../../src/atomics/address.ts";
import type { RecordedSetUp } from "../../src/explore/recorded/recorded-program.ts";
import type { Program } from "../../src/umcg/env.ts";

const MS = 1_000_000;

/** Somebody looks at a word, and writes it when another has added to it: what was added is lost, and a third finds out. */
export function setUpLostUpdate(machine: RecordedSetUp): void {
  const [word, looked] = [machine.allocate(64), machine.allocate(64)];
  const quick = machine.spawn(
    function* (env) {
      while ((yield* env.memory.load32(looked)) === 0) yield* env.sys.futexWait(looked, 0);
      yield* env.memory.store32(word, (yield* env.memory.load32(word)) + 1);
    },
    { name: "quick", affinity: [1] },
  );
  const slow = machine.spawn(
    function* (env) {
      const seen = yield* env.memory.load32(word);
      yield* env.memory.store32(looked, 1);
      yield* env.sys.futexWake(looked, 1);
      yield* env.sys.join(quick);
      yield* env.memory.store32(word, seen + 1);
    },
    { name: "slow", affinity: [0] },
  );
  machine.spawn(function* (env) {
    yield* env.sys.join(slow);
    if ((yield* env.memory.load32(word)) !== 2) throw new Error("an update was lost");
  });
}

const MEMBERS = 4;

/** Tasks on two CPUs that meet in the kernel: two tokens go round through pipes, and whoever has one may sleep. */
export function setUpPipes(machine: RecordedSetUp): void {
  const [fds, buffer] = [machine.allocate(64), machine.allocate(64)];
  for (let n = 0; n < MEMBERS; n++) machine.spawn(member(n, fds, buffer), { affinity: [n % 2] });
}

/** Opens a pipe, hears of the next one, and passes on what comes through its own. */
function member(n: number, fds: Addr, buffer: Addr): Program {
  return function* (env) {
    const [own, next] = [offsetBy(fds, 4 * n), offsetBy(fds, 4 * ((n + 1) % MEMBERS))];
    const fd = yield* env.sys.pipe();
    yield* env.memory.store32(own, fd);
    yield* env.sys.futexWake(own, 1);
    while ((yield* env.memory.load32(next)) === 0) yield* env.sys.futexWait(next, 0);
    const into = (yield* env.memory.load32(next)) + 1;
    if (n % 2 === 0) yield* env.sys.write(into, buffer, 1);
    for (let round = 0; round < 6; round++) {
      yield* env.sys.read(fd, buffer, 1);
      if ((round + n) % 3 === 0) yield* env.sys.nanosleep(MS / 4);
      yield* env.sys.write(into, buffer, 1);
    }
  };
}
