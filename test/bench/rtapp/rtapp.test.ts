// rt-app's descriptions: what is read, what is refused and by which name, and what the tasks then do.
import { describe, expect, test } from "vitest";
import { parseRtapp } from "../../../src/bench/rtapp/parse.ts";
import { rtappMachine, startRtapp } from "../../../src/bench/rtapp/rtapp.ts";
import { RtappError } from "../../../src/bench/rtapp/rtapp-error.ts";
import { ScenarioRun } from "../../../src/bench/scenario.ts";
import type { MachineConfig } from "../../../src/machine.ts";
import { stopped } from "../fixture.ts";

/** Threads with their logs, on a machine that costs nothing. */
function measure(tasks: string, untilMs?: number, config: MachineConfig = {}) {
  const program = parseRtapp(`{ "tasks": { ${tasks} } }`, config.vcpus ?? 1);
  const machine = {
    profile: "ideal",
    tickHz: 0,
    timerSlackNs: 0,
    ...config,
    ...rtappMachine(program),
  } as const;
  const until = untilMs === undefined ? {} : { untilNs: 1e6 * untilMs };
  const run = new ScenarioRun({ machine, clock: stopped, ...until }, (made) => startRtapp(made, program));
  expect(run.advance()).toBe(true);
  return run.result().measured.threads;
}

/** Times, us, at which each thread began and ended each phase. */
function times(tasks: string, untilMs?: number, config: MachineConfig = {}): number[][][] {
  return measure(tasks, untilMs, config).map(({ log }) =>
    log.map(({ startNs, endNs }) => [startNs / 1000, endNs / 1000]),
  );
}

describe("a description", () => {
  test("is read with comments, repeated keys, order and lines", () => {
    const { tasks, durationNs, calibrationNs } = parseRtapp(
      `/* a */ {
        "tasks": { // b
          "t": { "instance": 2, "delay": 5, "loop": 3, "cpus": [1], "priority": -5,
                 "run": 10, "sleep": 20, "run": 30, "run_b": 40, "2": { } }
        },
        "resources": { "m": { "type": "mutex" } },
        "global": { "duration": 7, "calibration": 500, "logdir": "./", "pi_enabled": false, },
      }`.replace(', "2": { }', ""),
      2,
    );
    expect([durationNs, calibrationNs]).toEqual([7e9, 500]);
    const scheduling = { policy: "normal", rtPriority: 0, nice: -5 };
    const events = [
      { kind: "run", ns: 10_000 },
      { kind: "sleep", ns: 20_000 },
      { kind: "run", ns: 30_000 },
      { kind: "run", ns: 40_000 },
    ];
    expect(tasks).toEqual([
      {
        name: "t",
        instances: 2,
        delayNs: 5000,
        loop: 3,
        scheduling,
        cpus: [1],
        phases: [{ name: "t", loop: 1, scheduling: undefined, cpus: undefined, events }],
      },
    ]);
  });

  test("has defaults: for ever, the default policy, priority 10 of the real-time ones", () => {
    const { tasks, durationNs } = parseRtapp(
      '{"tasks":{"t":{"phases":{"1":{"run":1},"0":{"run":2,"policy":"SCHED_RR","loop":-1}}}},"global":{"duration":-1,"default_policy":"SCHED_FIFO"}}',
      1,
    );
    const [t] = tasks;
    expect([durationNs, t!.loop, t!.scheduling]).toEqual([
      undefined,
      undefined,
      { policy: "fifo", rtPriority: 10, nice: 0 },
    ]);
    expect(t!.phases.map(({ name, loop, scheduling }) => [name, loop, scheduling])).toEqual([
      ["1", 1, undefined],
      ["0", Number.POSITIVE_INFINITY, { policy: "rr", rtPriority: 10, nice: 0 }],
    ]);
  });

  test.each([
    ["{", "line 1: expected a key, got the end"],
    ['{\n"tasks" 1}', "line 2: expected a colon, got 1"],
    ['{"tasks": {}} x', "line 1: expected the end, got x"],
    ['{"tasks": {"t": {"run": 1} "u": 2}}', 'expected a comma or }, got "u"'],
    ['{"tasks": #}', 'cannot read "#}"'],
    ["[]", "line 1: must be an object, is a list"],
    ['{"tasks": {}}', "line 1, tasks: has no task"],
    ["{}", "tasks is missing"],
    [
      '{"tasks": {"t": {"run": 1}},\n"globl": {}}',
      "line 2, globl: unknown key; known are tasks, global, resources",
    ],
    ['{"tasks": {"t": {\n"rnu": 1}}}', "line 2, tasks.t.rnu: unknown key: neither a property nor an event"],
    ['{"tasks": {"t": {"phases": {"p": {"run": 1, "speed": 2}}}}}', "tasks.t.phases.p.speed: unknown key"],
    ['{"tasks": {"t": {"run": "1"}}}', 'tasks.t.run: must be an integer from 0 to 1000000000, is "1"'],
    ['{"tasks": {"t": {"run": 1.5}}}', "must be an integer from 0 to 1000000000, is 1.5"],
    ['{"tasks": {"t": {"run": 1, "cpus": [0, 4]}}}', "tasks.t.cpus[1]: must be an integer from 0 to 3, is 4"],
    ['{"tasks": {"t": {"run": 1, "cpus": 1}}}', "must be a list of integers, is 1"],
    [
      '{"tasks": {"t": {"run": 1, "policy": "SCHED_DEADLINE"}}}',
      "tasks.t.policy: SCHED_DEADLINE is not simulated",
    ],
    ['{"tasks": {"t": {"run": 1, "policy": "fifo"}}}', "must be one of SCHED_OTHER, SCHED_IDLE"],
    [
      '{"tasks": {"t": {"run": 1, "policy": "SCHED_RR", "priority": 0}}}',
      "must be an integer from 1 to 99, is 0",
    ],
    ['{"tasks": {"t": {"run": 1, "priority": 20}}}', "must be an integer from -20 to 19, is 20"],
    ['{"tasks": {"t": {"mem": 1}}}', "tasks.t.mem: is not simulated"],
    ['{"tasks": {"t": {"run": 1, "dl-runtime": 1}}}', "tasks.t.dl-runtime: is not simulated"],
    ['{"tasks": {"t": {"run": 1, "phases": {"p": {"run": 1}}}}}', "an event beside phases belongs into one"],
    ['{"tasks": {"t": {"loop": 1}}}', "tasks.t: does nothing"],
    ['{"tasks": {"t": {"timer": {"ref": "a"}}}}', "must be an object with ref and period, is an object"],
    [
      '{"tasks": {"t": {"timer": {"ref": "a", "period": 1, "at": 2}}}}',
      "timer.at: unknown key; known are ref, period, mode",
    ],
    [
      '{"tasks": {"t": {"timer": {"ref": "a", "period": 1, "mode": "odd"}}}}',
      'must be "relative" or "absolute", is "odd"',
    ],
    ['{"tasks": {"t": {"wait": "c"}}}', 'must be an object, is "c"'],
    ['{"tasks": {"t": {"wait": {"ref": "c"}}}}', "must be an object with ref and mutex"],
    ['{"tasks": {"t": {"lock": ""}}}', 'must be a name, is ""'],
    ['{"tasks": {"t": {"fork": "u"}}}', 'fork names "u", which is no task'],
    ['{"tasks": {"t": {"fork": "t", "barrier": "b"}}}', "a barrier does not go with fork"],
    [
      '{"tasks": {"t": {"run": 1}}, "global": {"pi_enabled": true}}',
      "global.pi_enabled: priority inheritance is not simulated",
    ],
    ['{"tasks": {"t": {"run": 1}}, "global": {"speed": 1}}', "global.speed: unknown key"],
  ])("%s is refused", (text, message) => {
    expect(() => parseRtapp(text, 4)).toThrow(RtappError);
    expect(() => parseRtapp(text, 4)).toThrow(message);
  });
});

describe("a task", () => {
  test("runs and sleeps by its phases, its loops and its delay", () => {
    const phases = '"phases": { "a": { "loop": 2, "run": 10, "sleep": 20 }, "b": { "run": 5 } }';
    expect(times(`"t": { "loop": 2, "delay": 100, ${phases} }`)).toEqual([
      [
        [100, 130],
        [130, 160],
        [160, 165],
        [165, 195],
        [195, 225],
        [225, 230],
      ],
    ]);
  });

  test("has instances, which share CPUs; another is pinned away from them", () => {
    const tasks =
      '"t": { "instance": 2, "loop": 1, "cpus": [1], "run": 100 }, "u": { "loop": 1, "cpus": [0], "run": 50 }';
    const ends = times(tasks, undefined, { vcpus: 2 }).map(([line]) => line![1]);
    expect(ends.toSorted((x, y) => x! - y!)).toEqual([50, 100, 200]);
    expect(ends[2]).toBe(50);
  });

  test("of a higher class goes first; runtime goes by the clock, run by CPU time", () => {
    const [run, byClock] = ["run", "runtime"].map(
      (event) =>
        measure(
          `"t": { "delay": 10, "loop": 1, "${event}": 300 }, "u": { "delay": 100, "loop": 1, "policy": "SCHED_FIFO", "run": 150 }`,
        )[0]!.log[0]!,
    );
    expect([run!.endNs / 1000, run!.runNs / 1000, run!.busyNs / 1000]).toEqual([460, 450, 300]);
    expect(byClock!.endNs / 1000).toBeLessThanOrEqual(320);
  });

  test("takes locks, waits for signals and is resumed", () => {
    const a =
      '"a": { "loop": 1, "lock": "m", "wait": { "ref": "c", "mutex": "m" }, "run": 10, "unlock": "m" }';
    const b = '"b": { "loop": 1, "sleep": 50, "lock": "m", "signal": "c", "run": 30, "unlock": "m" }';
    const c = '"c": { "loop": 1, "sleep": 60, "lock": "m", "run": 5, "unlock": "m", "resume": "d" }';
    const d = '"d": { "loop": 1, "suspend": "", "run": 1 }';
    const ends = times(`${a}, ${b}, ${c}, ${d}`, undefined, { vcpus: 4 }).map(([line]) => line![1]);
    expect(ends[1]).toBe(80);
    // The mutex is free at 80: one of those who wait for it is next, and the other behind it.
    expect([ends[0], ends[2]].toSorted((x, y) => x! - y!)).toEqual(ends[0]! < ends[2]! ? [90, 95] : [85, 95]);
    expect(ends[3]).toBe(ends[2]! + 1);
  });

  test("broad wakes all, sync one and waits itself", () => {
    const waiter = '"lock": "m", "wait": { "ref": "c", "mutex": "m" }, "unlock": "m"';
    const all = times(
      `"w": { "instance": 3, "loop": 1, ${waiter} }, "b": { "loop": 1, "sleep": 40, "broad": "c" }`,
      undefined,
      { vcpus: 4 },
    );
    expect(all.map(([line]) => line![1])).toEqual([40, 40, 40, 40]);
    const sync = times(
      `"w": { "loop": 1, ${waiter}, "run": 10, "signal": "c" }, "s": { "loop": 1, "sleep": 30, "sync": { "ref": "c", "mutex": "m" } }`,
      undefined,
      { vcpus: 2 },
    );
    expect(sync.map(([line]) => line![1])).toEqual([40, 40]);
  });

  test("meets others at a barrier, as many as there are instances", () => {
    const ends = times(
      '"a": { "instance": 2, "loop": 2, "run": 10, "barrier": "b" }, "c": { "loop": 2, "run": 70, "barrier": "b" }',
      undefined,
      { vcpus: 3 },
    );
    for (const lines of ends) expect(lines.map(([, end]) => end)).toEqual([70, 140]);
  });

  test("has timers: relative ones begin anew when they were missed, absolute ones keep to the grid", () => {
    const phases = (mode: string): string =>
      `"t": { "loop": 1, "phases": {
        "a": { "loop": 2, "run": 10, "timer": { "ref": "unique", "period": 20, "mode": "${mode}" } },
        "b": { "run": 30, "timer": { "ref": "unique", "period": 20, "mode": "${mode}" } },
        "c": { "loop": 2, "run": 10, "timer": { "ref": "unique", "period": 20, "mode": "${mode}" } } } }`;
    const ends = (mode: string) => times(phases(mode))[0]!.map(([, end]) => end);
    expect(ends("relative")).toEqual([20, 40, 70, 90, 110]);
    expect(ends("absolute")).toEqual([20, 40, 70, 80, 100]);
    const slacks = measure(phases("absolute"))[0]!.log.map(({ slackNs }) => slackNs / 1000);
    expect(slacks).toEqual([10, 10, -10, 0, 10]);
  });

  test("forks another, and yields", () => {
    const tasks =
      '"t": { "loop": 2, "run": 10, "fork": "u", "yield": "" }, "u": { "instance": 0, "loop": 1, "run": 5 }';
    expect(measure(tasks).map(({ task, log }) => [task.name, log.length])).toEqual([
      ["t", 2],
      ["u", 1],
      ["u", 1],
    ]);
  });

  test("ends with the time, whatever it is doing", () => {
    const [thread] = measure('"t": { "run": 100, "sleep": 900 }', 10);
    expect(thread!.log).toHaveLength(9);
  });
});
