// `umcg bench --check`: says nothing while the invariants hold, and everything when one does not.
import { describe, expect, test } from "vitest";
import { WORKLOADS } from "../../src/bench/registry.ts";
import type { Workload } from "../../src/bench/workload.ts";
import { pipe } from "../../src/bench/workloads/pipe.ts";
import {
  allocateGroup,
  allocateRecord,
  registerServer,
  registerWorker,
} from "../../src/bench/workloads/umcg-user.ts";
import { stateOf, UMCG_TASK_RUNNING } from "../../src/index.ts";
import { run } from "./fake-io.ts";

/** F7: the server runs a worker that it has not taken from the list. With `swallow`, it catches what that comes to. */
function hasty(swallow: boolean): Workload {
  return {
    ...pipe,
    name: "hasty",
    start(machine) {
      const group = allocateGroup(machine);
      const [server, worker] = [allocateRecord(machine), allocateRecord(machine)];
      machine.spawn((env) => registerWorker(env, worker, group), { name: "eve" });
      machine.spawn(
        function* (env) {
          yield* registerServer(env, server);
          yield* env.work(10_000);
          try {
            yield* env.memory.store32(stateOf(worker), UMCG_TASK_RUNNING);
          } catch (error) {
            if (!swallow) throw error;
            yield* env.work(1_000);
          }
        },
        { name: "sam" },
      );
      return new Set();
    },
  };
}

describe("--check", () => {
  test.each(WORKLOADS.map(({ name }) => name))(
    "%s keeps the invariants; nothing but time changes",
    async (name) => {
      const args = ["bench", name, "--loops", "40", "--vcpus", "2", "--json"];
      const [plain, checked] = [await run(args), await run([...args, "--check"])];
      expect([checked.code, checked.stderr]).toEqual([0, ""]);
      expect(checked.stdout).toBe(plain.stdout);
    },
  );

  test("a matrix is checked machine by machine", async () => {
    const good = await run(["bench", "--matrix", "--loops", "5", "--check"]);
    expect([good.code, good.stderr]).toEqual([0, ""]);
    const bad = await run(["bench", "--matrix", "--loops", "5", "--check"], {}, [pipe, hasty(false)]);
    expect(bad).toMatchObject({ code: 1, stdout: "" });
    expect(bad.stderr).toMatch(/^umcg: ERR_INVARIANT: I17, broken by user space: /);
  });

  test.each([false, true])(
    "a violation is named with its number, the words and the last events (swallowed: %s)",
    async (swallow) => {
      const { code, stdout, stderr } = await run(["bench", "hasty", "--check"], {}, [hasty(swallow)]);
      expect([code, stdout]).toEqual([1, ""]);
      const [first, what, who, heading, ...events] = stderr.trimEnd().split("\n");
      expect(first).toBe(
        "umcg: ERR_INVARIANT: I17, broken by user space: a listed worker is IDLE, and in the list once",
      );
      expect(what).toMatch(/^made RUNNING while listed, at \d+ ns$/);
      expect(who).toMatch(
        /^ {2}worker eve \(tid 1\) at 0x[0-9a-f]+: state 0x1 \(RUNNING\), server_tid 0x0, next_tid 0x0, idle_servers_ptr 0x[0-9a-f]+, idle_workers_ptr 0x0; asleep, listed$/,
      );
      expect(heading).toBe("last events:");
      expect(events.length).toBeGreaterThan(3);
      for (const event of events) expect(event).toMatch(/^ {2}\[ *\d+\.\d{3}us\] cpu\d \w+/);
    },
  );

  test("the policies keep the invariants, and nothing but time changes", async () => {
    const args = ["bench", "policies", "--vcpus", "2", "--duration", "200us", "--json"];
    const [plain, checked] = [await run(args), await run([...args, "--check"])];
    expect([checked.code, checked.stderr]).toEqual([0, ""]);
    expect(checked.stdout).toBe(plain.stdout);
  });

  test("without it nobody looks", async () => {
    const { stderr } = await run(["bench", "hasty"], {}, [hasty(false)]);
    expect(stderr).not.toContain("ERR_INVARIANT");
  });
});
