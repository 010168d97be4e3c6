/** Runs on real threads, made again on the explore host. */
import { beforeAll, describe, expect, test } from "vitest";
import { follow } from "../../src/explore/recorded/follow.ts";
import { recordedProgram } from "../../src/explore/recorded/recorded-program.ts";
import { type Recording, recordingOf } from "../../src/explore/recorded/recording.ts";
import { replay } from "../../src/explore/replay.ts";
import { createThreadMachine } from "../../src/machine/threads/index.ts";
import { TRACE_SCHED_SWITCH, TRACE_SYS_EXIT } from "../../src/trace/events.ts";
import { setUpLostUpdate, setUpPipes } from "../support/recorded-programs.ts";

const image = new URL("../support/recorded-programs.ts", import.meta.url);
const LIMITS = { loadTimeoutMs: 45_000 } as const;

async function record(entry: string): Promise<{ recording: Recording; error: unknown }> {
  const machine = await createThreadMachine({
    vcpus: 2,
    maxPipes: 4,
    maxFiles: 8,
    image,
    entry,
    trace: true,
    ...LIMITS,
  });
  const error: unknown = await machine.run({ timeoutMs: 120_000 }).then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  await machine.halt();
  return { recording: recordingOf(machine.trace), error };
}

/** A recording has no accesses to user memory, and one in some dozens is not found in what is tried for it. */
const RECORDINGS = 8;

describe("an update that was lost on real threads", () => {
  let recorded: Awaited<ReturnType<typeof record>>;
  beforeAll(async () => {
    for (let i = 0; i < RECORDINGS; i++) {
      recorded = await record("setUpLostUpdate");
      const { recording } = recorded;
      if (follow(recordedProgram(setUpLostUpdate, recording), recording).parted === undefined) return;
    }
  });

  test("is lost again under the schedule that follows it, each time", () => {
    const { recording, error } = recorded;
    expect(error).toMatchObject({ code: "ERR_PROGRAM_THREW", cause: { message: "an update was lost" } });
    const program = recordedProgram(setUpLostUpdate, recording);
    const { schedule, parted, violation } = follow(program, recording);
    expect(parted).toBe(undefined);
    expect(violation).toMatchObject({
      kind: "threw",
      message: expect.stringContaining("an update was lost"),
    });
    const told = replay(program, schedule);
    expect(told.violation?.message).toBe(violation?.message);
    expect(replay(program, schedule)).toEqual(told);
  });

  test("a recording of what cannot be says where and how it parts", () => {
    const { recording } = recorded;
    const at = recording.deeds.findIndex(({ kind }) => kind === TRACE_SYS_EXIT);
    const deeds = recording.deeds.map((deed, index) => (index === at ? { ...deed, arg1: 77 } : deed));
    const changed = { ...recording, deeds };
    const { done, of, parted, executions } = follow(recordedProgram(setUpLostUpdate, changed), changed, {
      maxExecutions: 30,
    });
    expect(done).toBeLessThanOrEqual(at);
    expect(of).toBe(deeds.length);
    expect(parted).toMatch(/^deed \d+ was ".*", and here it is ".*"$/);
    expect(executions).toBeLessThanOrEqual(30);
  });
});

test("tokens in a ring of pipes go the way they went, sleeps and all, for a while at least", async () => {
  const { recording, error } = await record("setUpPipes");
  expect(error).toBe(undefined);
  const { done, parted } = follow(recordedProgram(setUpPipes, recording), recording);
  // It may part: the tasks hear of each other's pipes by words of user memory.
  if (parted === undefined) expect(done).toBe(recording.deeds.length);
  expect(done).toBeGreaterThan(5);
});

test("tasks are on the CPUs, and have their turns, as recorded", () => {
  const at = { timeNs: 0, arg0: 0, arg1: 0 };
  const recording = recordingOf([
    { ...at, kind: TRACE_SYS_EXIT, cpu: 0, tid: 9 },
    { ...at, kind: TRACE_SCHED_SWITCH, cpu: 1, tid: 2 },
    { ...at, kind: TRACE_SCHED_SWITCH, cpu: 1, tid: 0, arg0: 2, arg1: 3 },
    { ...at, kind: TRACE_SCHED_SWITCH, cpu: 0, tid: 1 },
  ]);
  expect(recording.picks).toEqual([[1], [2]]);
  expect([...recording.homes]).toEqual([
    [2, 1],
    [1, 0],
  ]);
  expect(recording.deeds.map(({ tid, arg0 }) => [tid, arg0])).toEqual([[2, 3]]);
});
