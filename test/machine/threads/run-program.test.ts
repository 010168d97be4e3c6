// One program text on the host of one's choice. On real threads: docs/threads-host.md's program (test/docs.test.ts), and the examples.
import { expect, test } from "vitest";
import { createThreadMachine, type ProgramMachine, runProgram } from "../../../src/machine/threads/index.ts";

const url = import.meta.url;

function setUp(machine: ProgramMachine): void {
  const given = machine.args as { list: number[] };
  given.list.push(4);
  const at = machine.allocate(4096, 4096);
  machine.swapOut(at, 4096);
  machine.spawn(function* (env) {
    yield* env.sys.nanosleep(1000);
    machine.say({ given, found: yield* env.memory.load32(at), now: env.now() });
  });
}

test("a simulated machine takes copies of arguments and messages, as real threads do", async () => {
  const args = { list: [3] };
  const said: Record<string, unknown>[] = [];
  const onMessage = (value: unknown): void => void said.push(value as Record<string, unknown>);
  const options = { url, args, onMessage, majorFaultNs: 7000, timerSlackNs: 0 };
  const { host, ns, switches } = await runProgram(setUp, { ...options, virtual: { profile: "ideal" } });
  expect(said).toEqual([{ given: { list: [3, 4] }, found: 0, now: 8000 }]);
  expect(args).toEqual({ list: [3] });
  expect({ host, ns }).toEqual({ host: "virtual", ns: 8000 });
  expect(switches).toBeGreaterThan(2);
});

test("what cannot be cloned is refused where it is found out soonest", async () => {
  const args = { list: [1, () => 1] };
  for (const host of ["virtual", "threads"])
    await expect(runProgram(setUp, { url, host, args })).rejects.toMatchObject({
      code: "ERR_CONFIG",
      message: "args must be something that can be cloned: args.list[1] is a function, () => 1",
    });
  const says = (machine: ProgramMachine): void =>
    void machine.spawn(function* () {
      machine.say(() => 1);
    });
  await expect(runProgram(says, { url })).rejects.toMatchObject({
    code: "ERR_CONFIG",
    message: expect.stringContaining("what is said is a function"),
  });
});

test("a function that no module can export under its name is refused on both hosts, before anything is begun", async () => {
  const nameless = [(_: ProgramMachine): void => undefined][0]!;
  for (const host of ["virtual", "threads"])
    await expect(runProgram(nameless, { url, host })).rejects.toMatchObject({
      code: "ERR_IMAGE",
      message: expect.stringMatching(
        /^setUp must be exported by file:\S+ under a name of its own, and has none: \(_\) =>/,
      ),
    });
  for (const host of ["virtual", "threads"]) {
    await expect(runProgram("setUp" as never, { url, host })).rejects.toMatchObject({ code: "ERR_CONFIG" });
    await expect(runProgram(setUp, { url: "./here.ts", host })).rejects.toMatchObject({
      code: "ERR_CONFIG",
      message: "url must be an absolute URL, as import.meta.url, got ./here.ts",
    });
  }
});

test("an image that runs itself while it is loaded is told so, and not loaded by machines of machines until the time is up", async () => {
  for (const host of ["virtual", "threads"])
    await expect(
      createThreadMachine({ image: new URL("./recursive-image.ts", import.meta.url), args: host }),
    ).rejects.toMatchObject({
      code: "ERR_IMAGE",
      message: expect.stringMatching(/^runProgram is called by an image, while CPU 0 loads it/),
    });
});

test("a host that there is not", async () => {
  await expect(runProgram(setUp, { url, host: "explore" })).rejects.toMatchObject({
    code: "ERR_CONFIG",
    message: "host must be one of virtual, threads, got explore",
  });
});
