/** What is published: that it is whole, that its types are right, and that a project of somebody else's can use all of it. */
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { checkPackage, createPackageFromTarballData } from "@arethetypeswrong/core";
import { publint } from "publint";
import { formatMessage } from "publint/utils";
import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";
import { run, Scratch, textOf } from "./scratch.ts";

/** Bytes of the packed package: 1.1 MB when this was written, 0.12 of it documents. What is over it came in by mistake. */
const BUDGET_BYTES = 1_300_000;

let scratch: Scratch;
beforeAll(() => {
  scratch = new Scratch(inject("packed"));
});
afterAll(() => scratch.remove());

interface Manifest {
  readonly exports: Readonly<Record<string, string | { readonly types: string; readonly default: string }>>;
}
const manifest = JSON.parse(textOf("package.json")) as Manifest;
const ENTRIES = Object.keys(manifest.exports).filter((entry) => entry !== "./package.json");

const specifierOf = (entry: string): string => entry.replace(/^\./, "umcg");

describe("the package", () => {
  test("holds what is built, what is told, and nothing else", () => {
    const told = /^(dist\/.*\.(js|d\.ts)|docs\/.*\.(md|svg)|examples\/.*\.(ts|ya?ml|md))$/;
    const others = scratch.files.filter((path) => !told.test(path));
    expect(others.toSorted()).toEqual(["CHANGELOG.md", "LICENSE", "README.md", "package.json"]);
    for (const target of Object.values(manifest.exports).flatMap((to) =>
      typeof to === "string" ? [to] : [to.types, to.default],
    ))
      expect(scratch.files).toContain(target.slice(2));
  });

  test("has what its documents point at", () => {
    const documents = scratch.files.filter((path) => path.endsWith(".md") && !path.startsWith("examples/"));
    for (const document of documents)
      for (const [, target = ""] of textOf(document).matchAll(/\]\((?!https?:)([^)#]+)[^)]*\)/g))
        expect(scratch.files).toContain(join(dirname(document), target));
  });

  test("is within its budget", () => {
    expect(scratch.packedBytes).toBeLessThan(BUDGET_BYTES);
  });

  test("has nothing that publint would change", async () => {
    const tarball = readFileSync(scratch.tarball);
    const { messages, pkg } = await publint({
      pack: { tarball: tarball.buffer.slice(tarball.byteOffset, tarball.byteOffset + tarball.byteLength) },
    });
    expect(messages.map((message) => formatMessage(message, pkg, { color: false }))).toEqual([]);
  });

  test("has types that are right for every module that can import it", async () => {
    const packed = createPackageFromTarballData(new Uint8Array(readFileSync(scratch.tarball)));
    const analysis = await checkPackage(packed);
    if (analysis.types === false) throw new Error("the package has no types");
    // It is of modules only: require() of one is what Node makes of it, and a resolver from before the map of exports sees none.
    const ofModules = analysis.problems.filter(
      (problem) =>
        problem.kind !== "CJSResolvesToESM" &&
        !("resolutionKind" in problem && problem.resolutionKind === "node10"),
    );
    expect(ofModules).toEqual([]);
    expect(Object.keys(analysis.entrypoints)).toEqual(expect.arrayContaining(ENTRIES));
  });
});

/** Says of each entry how many names it has. */
const EVERY_ENTRY = `${ENTRIES.map((entry, i) => `import * as entry${i} from "${specifierOf(entry)}";`).join("\n")}
const counts: Readonly<Record<string, number>> = {
${ENTRIES.map((entry, i) => `  "${specifierOf(entry)}": Object.keys(entry${i}).length,`).join("\n")}
};
console.log(JSON.stringify(counts));
`;

const TSCONFIG = JSON.stringify({
  compilerOptions: {
    target: "es2024",
    lib: ["es2024", "esnext.disposable"],
    module: "nodenext",
    types: ["node"],
    strict: true,
    exactOptionalPropertyTypes: true,
    noEmit: true,
    // The declarations of this package are checked, and with them those of its peers.
    skipLibCheck: false,
    allowImportingTsExtensions: true,
  },
  include: ["*.ts"],
});

const LIBRARY = `import { Worker } from "node:worker_threads";
import { boot } from "umcg/library";

const lib = await boot();
const ends = await lib.promises.pipe();
const worker = new Worker(new URL("./reader.ts", import.meta.url), { workerData: { handle: lib.handle, ends } });
worker.on("error", (error) => { throw error; });
const [tid] = await new Promise<[number]>((done) => worker.once("message", done));
console.log(tid > 0 ? "a thread made a system call" : "no tid");
await lib.halt();
`;

const READER = `import { parentPort, workerData } from "node:worker_threads";
import { connect } from "umcg/library";

const connection = connect(workerData.handle);
parentPort?.postMessage([connection.syscall.gettid()]);
connection.disconnect();
`;

const MACHINE = `import { createMachine, createRuntime } from "umcg";

const machine = createMachine({ vcpus: 2 });
const runtime = createRuntime(machine);
runtime.spawn(function* (worker) {
  const child = yield* worker.spawn(function* (own) {
    yield* own.sleep(20_000);
    return 42;
  });
  console.log(\`answer \${yield* worker.join(child)}\`);
});
machine.run();
`;

const HOST_THREAD = `import { isMainThread } from "node:worker_threads";
import { createRuntime } from "umcg";
import { blocking, createThreadMachine, type SetUp, sys, worker } from "umcg/threads-host";

export function job(ms: number): number {
  blocking(() => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms));
  worker.yield();
  return sys.gettid() > 0 ? 42 : 0;
}
export function setUp(machine: SetUp): void {
  const runtime = createRuntime(machine);
  const thread = machine.spawnHostWorker(runtime, { url: import.meta.url, export: "job", args: [5] });
  runtime.spawn(function* (own) {
    machine.say(yield* own.join(thread));
  });
}
if (isMainThread) {
  const image = new URL(import.meta.url);
  const onMessage = (value: unknown) => console.log(\`a host thread returned \${value}\`);
  const machine = await createThreadMachine({ vcpus: 1, image, onMessage });
  await machine.run({ timeoutMs: 30_000 });
  await machine.halt();
}
`;

describe("a project that uses it", () => {
  let folder: string;
  beforeAll(() => {
    folder = scratch.project("consumer", ["typescript", "@types/node", "vitest", "effection", "fast-check"], {
      "entries.ts": EVERY_ENTRY,
      "library.ts": LIBRARY,
      "reader.ts": READER,
      "machine.ts": MACHINE,
      "host-thread.ts": HOST_THREAD,
      "tsconfig.json": TSCONFIG,
    });
  });

  const node = (...args: readonly string[]): ReturnType<typeof run> => run(process.execPath, args, folder);

  test("imports every entry", () => {
    // An import of vitest is of use in a test only; there it is in package-tests/tutorial.test.ts.
    scratch.write(folder, {
      "entries.ts": EVERY_ENTRY.replaceAll(/^.*umcg\/vitest.*$|^ {2}"umcg\/vitest.*$/gm, ""),
    });
    const { status, stdout, stderr } = node("entries.ts");
    expect([status, stderr]).toEqual([0, ""]);
    const counts = JSON.parse(stdout) as Record<string, number>;
    for (const [entry, count] of Object.entries(counts)) expect([entry, count > 0]).toEqual([entry, true]);
    expect(Object.keys(counts)).toHaveLength(ENTRIES.length - 1);
  });

  test("is type-checked against it, its own declarations included", () => {
    scratch.write(folder, { "entries.ts": EVERY_ENTRY });
    const { status, stdout } = node("node_modules/typescript/bin/tsc", "-p", ".");
    expect([status, stdout]).toEqual([0, ""]);
  });

  test("runs workers on servers", () => {
    const { status, stdout, stderr } = node("machine.ts");
    expect([status, stdout, stderr]).toEqual([0, "answer 42\n", ""]);
  });

  test("finds the files of its threads", () => {
    const { status, stdout, stderr } = node("library.ts");
    expect([status, stdout, stderr]).toEqual([0, "a thread made a system call\n", ""]);
  });

  test("runs a function on a thread of its own, as a worker", () => {
    const { status, stdout, stderr } = node("host-thread.ts");
    expect([status, stdout, stderr]).toEqual([0, "a host thread returned 42\n", ""]);
  });

  test("has the command", () => {
    const { status, stdout, stderr } = run("npx", ["umcg", "--help"], folder);
    expect([status, stderr]).toEqual([0, ""]);
    expect(stdout).toContain("explore     try every interleaving");
  });
});
