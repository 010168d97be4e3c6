/** The stepper's own behaviour: what it reports, and what it refuses. */
import { describe, expect, it } from "vitest";
import { createStepper, type Tid, WF_CURRENT_CPU } from "../../src/index.ts";
import { Fixture } from "../umcg/fixture.ts";

describe("createStepper", () => {
  it("a new task is in user mode, and a block ends with an unblock", () => {
    const s = createStepper();
    const tid = s.task("alone");
    expect(s.inspect(tid)).toMatchObject({
      mode: "user",
      sleepsIn: "",
      record: 0,
      worker: false,
      fatalSignal: 0,
    });
    expect(s.step(tid, { do: "block" })).toBeUndefined();
    expect(s.inspect(tid)).toMatchObject({ mode: "asleep", sleepsIn: "stepped block" });
    expect(s.unblock(tid)).toBe(true);
    s.run();
    expect(s.inspect(tid)).toMatchObject({ mode: "user", result: 0 });
    expect(s.unblock(tid)).toBe(false);
    expect(s.takeWakes()).toEqual([
      { by: 0, target: tid, flags: 0, woke: true },
      { by: 0, target: tid, flags: 0, woke: false },
    ]);
  });

  it("operations submitted to several tasks all happen in one run", () => {
    const f = new Fixture();
    const a = f.server();
    const b = f.server();
    f.s.store32(a.record, 2);
    f.s.store32(b.record, 2);
    f.s.submit(a.tid, { do: "umcg_wait", flags: 0 });
    f.s.submit(b.tid, { do: "umcg_wait", flags: 0 });
    expect([f.mode(a), f.mode(b)]).not.toContain("dead");
    f.s.run();
    expect([f.mode(a), f.mode(b)]).toEqual(["asleep", "asleep"]);
  });

  it("reports the words the kernel changed, and not the driver's own stores", () => {
    const f = new Fixture();
    const s = f.server();
    const w = f.worker();
    f.run(s, w);
    f.s.takeChanges();
    f.s.store32((s.record + 40) as never, 7);
    f.s.step(w.tid, { do: "block" });
    expect(f.s.takeChanges()).toEqual([
      { addr: s.record, before: 2, after: 1 },
      { addr: w.record, before: 1, after: 3 },
    ]);
    expect(f.s.takeChanges()).toEqual([]);
    expect(f.s.takeWakes().at(-1)).toEqual({ by: w.tid, target: s.tid, flags: WF_CURRENT_CPU, woke: true });
  });

  it("an ignored signal asks nothing of a task, even on a CPU that is about to run another one", () => {
    const s = createStepper({ vcpus: 1 });
    const [first, second] = [s.task(), s.task()];
    s.submit(first, { do: "block" });
    s.signal(second, 17);
    s.submit(second, { do: "block" });
    s.run();
    expect([first, second].map((tid) => s.inspect(tid).mode)).toEqual(["asleep", "asleep"]);
  });

  it("a signal with the default action kills a task in user mode, asleep or not", () => {
    const s = createStepper();
    const user = s.task();
    const asleep = s.task();
    s.step(asleep, { do: "block", interruptible: true });
    for (const tid of [user, asleep]) {
      s.signal(tid, 15);
      s.run();
      expect(s.inspect(tid)).toMatchObject({ mode: "dead", fatalSignal: 15 });
    }
  });

  it("any system call can be stepped", () => {
    const s = createStepper();
    const tid = s.task();
    expect(s.step(tid, { do: "call", call: (env) => env.sys.gettid() })).toBe(tid);
    expect(s.step(tid, { do: "exit", code: 3 })).toBeUndefined();
    expect(s.inspect(tid)).toMatchObject({ mode: "dead", fatalSignal: 0 });
  });
});

describe("the stepper refuses", () => {
  const refused = (action: () => unknown): void =>
    expect(action).toThrow(expect.objectContaining({ code: "ERR_STEP" }));

  it("to command a task that is asleep, dead, or already has a command", () => {
    const s = createStepper();
    const tid = s.task();
    s.submit(tid, { do: "block" });
    refused(() => s.submit(tid, { do: "block" }));
    s.run();
    refused(() => s.step(tid, { do: "reschedule" }));
    s.unblock(tid);
    s.run();
    s.step(tid, { do: "exit" });
    refused(() => s.step(tid, { do: "exit" }));
    refused(() => s.submit(999 as Tid, { do: "exit" }));
  });

  it("words outside user memory, misaligned words, signals that do not exist", () => {
    const s = createStepper();
    const a = s.allocate(64);
    refused(() => s.store32(0 as never, 1));
    refused(() => s.load32((a + 2) as never));
    refused(() => s.store64((a + 4) as never, 1n));
    refused(() => s.load64((2 ** 40) as never));
    refused(() => s.signal(s.task(), 99));
  });

  it("a bad configuration, naming the value", () => {
    expect(() => createStepper({ vcpus: 0 })).toThrow(
      expect.objectContaining({ code: "ERR_CONFIG", message: expect.stringContaining("vcpus") }),
    );
  });
});
