/**
 * Tests of the kernel on the threads host: the machine of one thread that `npm run conformance` gives them, and its document.
 * What all those files come to takes minutes; here are one program of each kind, and that no file is missing in the document.
 */
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { conformanceFiles } from "../../support/one-thread/files.ts";
import { createMachine, made } from "../../support/one-thread/machine.ts";

describe("a machine whose vCPU is the calling thread", () => {
  test("runs programs that share objects, in real time, and can be run again", () => {
    const machine = createMachine({ maxTasks: 8, userBytes: 8192 });
    const seen: number[] = [];
    const main = (): void =>
      void machine.spawn(function* (env) {
        const fd = yield* env.sys.pipe();
        const buffer = env.allocate(8);
        const child = yield* env.spawn(function* (own) {
          seen.push(yield* own.sys.read(fd, buffer, 8));
          return 7;
        });
        const began = env.now();
        yield* env.sys.nanosleep(1e6);
        seen.push(env.now() - began >= 1e6 ? 1 : 0, yield* env.sys.write(fd + 1, buffer, 5));
        seen.push(yield* env.sys.join(child));
      });
    main();
    machine.run();
    expect(seen.toSorted((a, b) => a - b)).toEqual([1, 5, 5, 7]);
    main();
    machine.run();
    expect(seen).toHaveLength(8);
  });

  test("tells a deadlock, and what a program throws", () => {
    const waiting = createMachine({ maxTasks: 4, userBytes: 8192 });
    waiting.spawn(function* (env) {
      yield* env.sys.futexWait(env.allocate(4), 0);
    });
    expect(() => waiting.run()).toThrow(expect.objectContaining({ code: "ERR_DEADLOCK" }));
    const throwing = createMachine({ maxTasks: 4, userBytes: 8192 });
    throwing.spawn(function* () {
      throw new Error("because of the test");
    });
    expect(() => throwing.run()).toThrow("because of the test");
  });

  test("does without what is virtual, says so, and refuses what cannot be", () => {
    createMachine({ vcpus: 2, profile: "guest" });
    expect(made).toMatchObject({ fewer: true, without: "asks for a cost profile" });
    const refused = { code: "ERR_NOT_HERE", message: "not on threads: scripts the boot of other vCPUs" };
    expect(() => createMachine({ boot: {} })).toThrow(expect.objectContaining(refused));
  });
});

test("the document has every file", () => {
  const text = readFileSync(new URL("../../../docs/threads-conformance.md", import.meta.url), "utf8");
  const rows = [...text.matchAll(/^\| (\S+\.test\.ts) \|/gm)].map(([, file]) => file);
  expect(rows).toEqual(conformanceFiles());
});
