/**
 * A kernel that tells what is touched of it: the methods of its tables are wrapped, on the instances of one machine.
 *
 * Nothing is declared that can be seen. `setState(tid, ...)` writes the object "tasks.state" of that row, `state(tid)` reads it,
 * and so it is with every method of this form; the others have rules (table-rules.ts). A method that has neither writes its
 * whole table: that is sound, and coarse, and a test names it. Arrays that the kernel uses as they are, and what it
 * keeps beside its tables, are told of by accessors.
 *
 * Rejected: to declare what each step touches (one object for all of the kernel was all that could be declared with
 * confidence); proxies in place of the tables (every access is looked up by name, 10 times as slow).
 */
import type { Kernel } from "../../kernel-sim/kernel.ts";
import type { KernelObjects } from "./kernel-objects.ts";
import type { Rule, Rules } from "./rule.ts";
import { rulesOf, UNSEEN } from "./table-rules.ts";
import type { Touches } from "./touches.ts";

/** How many rows a table has whose methods say what they touch by their name. */
function rowsOf({ config }: Kernel): Readonly<Record<string, number>> {
  const { vcpus } = config;
  const tasks = config.maxTasks + 1;
  return {
    tasks,
    cpus: vcpus,
    smp: vcpus,
    fair: vcpus,
    waits: 1,
    timers: vcpus,
    llcs: vcpus,
    balance: vcpus,
    scheduling: tasks,
    seccomp: tasks,
    callQueues: vcpus,
    dispositions: tasks,
    record: 1,
    timerOwners: 1,
    pages: 1,
    pipes: 1,
    files: 1,
    watches: 1,
    rt: 1,
  };
}

/** Whoever only looks on: what its methods read, a step does not touch. */
export function leaveOut(onlooker: object, touches: Touches): void {
  for (const method of methodsOf(onlooker)) {
    const plain = (onlooker as Record<string, Method>)[method]!;
    const untold = function (this: object, ...args: number[]): unknown {
      const { on } = touches;
      touches.on = false;
      try {
        return plain.apply(this, args);
      } finally {
        touches.on = on;
      }
    };
    Object.defineProperty(onlooker, method, { value: untold });
  }
}

type Method = (...args: number[]) => unknown;

/** Makes `kernel` tell `touches`. Returns the methods, "table.method", that write their whole table for want of a rule. */
export function observeKernel(kernel: Kernel, objects: KernelObjects, touches: Touches): string[] {
  const rules = rulesOf(kernel, objects, touches);
  const coarse: string[] = [];
  for (const [name, rows] of Object.entries(rowsOf(kernel))) {
    const table = (kernel as unknown as Record<string, object>)[name]!;
    const methods = methodsOf(table);
    const plain = new Set(methods);
    const unruled = methods.filter(
      (method) => rules[name]?.[method] === undefined && !isColumn(method, plain),
    );
    const whole = unruled.length === 0 ? -1 : objects.of(name);
    for (const method of methods) {
      const rule = rules[name]?.[method] ?? columnRule(objects, touches, { name, method, rows, plain });
      wrap(table, method, touches, withWhole(rule, touches, whole));
    }
    observeAccessors(table, name, objects, touches, rules[name] ?? {});
    coarse.push(...unruled.map((method) => `${name}.${method}`));
  }
  observeRest(kernel, objects, touches);
  return coarse;
}

function methodsOf(table: object): string[] {
  const prototype = Object.getPrototypeOf(table) as object;
  return Object.entries(Object.getOwnPropertyDescriptors(prototype))
    .filter(([name, { value }]) => name !== "constructor" && typeof value === "function")
    .map(([name]) => name);
}

/** "state" of "state" and "setState", "idle" of "isIdle" and "setIdle". */
function columnOf(method: string): string {
  const bare = method.replace(/^(?:set|is)(?=[A-Z])/, "");
  return bare.charAt(0).toLowerCase() + bare.slice(1);
}
/** Is there a pair of methods of this form? */
function isColumn(method: string, methods: ReadonlySet<string>): boolean {
  const column = columnOf(method);
  return methods.has(`set${column.charAt(0).toUpperCase()}${column.slice(1)}`);
}

interface Column {
  readonly name: string;
  readonly method: string;
  readonly rows: number;
  readonly plain: ReadonlySet<string>;
}

/** What a method touches by its name. Undefined: nothing that anybody sees. */
function columnRule(
  objects: KernelObjects,
  touches: Touches,
  { name, method, rows, plain }: Column,
): Rule | undefined {
  const column = columnOf(method);
  if (UNSEEN[name]?.includes(column) === true) return () => {};
  if (!isColumn(method, plain)) return undefined;
  const base = objects.of(`${name}.${column}`, rows);
  if (method.startsWith("set")) return (row) => touches.write(base + row!);
  return (row) => touches.read(base + row!);
}

/** In a table of which some methods are known by nothing, these write all of it and the others read all of it. */
function withWhole(rule: Rule | undefined, touches: Touches, whole: number): Rule {
  if (rule === undefined) return () => touches.write(whole);
  if (whole < 0) return rule;
  return (...args) => {
    touches.read(whole);
    rule(...args);
  };
}

function wrap(table: object, method: string, touches: Touches, rule: Rule): void {
  const plain = (table as Record<string, Method>)[method]!;
  const told = function (this: object, a: number, b: number, c: number, d: number, e: number): unknown {
    if (touches.on) rule(a, b, c, d, e);
    return plain.call(this, a, b, c, d, e);
  };
  Object.defineProperty(table, method, { value: told });
}

/** What the kernel keeps in arrays that it indexes itself, and beside its tables. */
function observeRest(kernel: Kernel, objects: KernelObjects, touches: Touches): void {
  const { tasks, files, watches, config } = kernel;
  const ofWord = (base: number, width: number) => (index: number) => base + Math.floor(index / width);
  observeArray(
    tasks,
    "allowed",
    touches,
    ofWord(objects.of("tasks.allowed", config.maxTasks + 1), tasks.maskWords),
  );
  const slots = files.count;
  if (slots > 0) observeArray(files, "periods", touches, ofWord(objects.of("files.periods", slots), 1));
  for (const list of ["ofFile", "ofEpoll", "ready", "events", "data"] as const)
    observeUse(watches, list, touches, objects.of("watches"));
  observeUse(kernel.seccomp, "notes", touches, objects.of("seccomp.notes"));
  observeUse(kernel.smp, "irqs", touches, objects.of("devices"));
  for (const list of ["reads", "calls"] as const) observeUse(kernel, list, touches, objects.of("devices"));
}

/** An array of which each element belongs to an object. */
function observeArray(
  owner: object,
  name: string,
  touches: Touches,
  objectOf: (index: number) => number,
): void {
  const array = (owner as Record<string, Int32Array>)[name]!;
  const proxy = new Proxy(array, {
    get(target, key) {
      const index = typeof key === "string" ? Number(key) : Number.NaN;
      if (touches.on && index >= 0) touches.read(objectOf(index));
      const value: unknown = Reflect.get(target, key, target);
      return typeof value === "function" ? (value as Method).bind(target) : value;
    },
    set(target, key, value: number) {
      if (touches.on) touches.write(objectOf(Number(key)));
      return Reflect.set(target, key, value, target);
    },
  });
  Object.defineProperty(owner, name, { value: proxy });
}

/** Something that is one object: to get hold of it is to change it. */
function observeUse(owner: object, name: string, touches: Touches, object: number): void {
  const value = (owner as Record<string, unknown>)[name];
  Object.defineProperty(owner, name, {
    get() {
      touches.write(object);
      return value;
    },
  });
}

/** `get x` reads the object "table.x", and `set x` writes it, unless a rule says otherwise. */
function observeAccessors(
  table: object,
  name: string,
  objects: KernelObjects,
  touches: Touches,
  rules: Rules,
): void {
  const prototype = Object.getPrototypeOf(table) as object;
  for (const [key, { get, set }] of Object.entries(Object.getOwnPropertyDescriptors(prototype))) {
    if (get === undefined) continue;
    const object = rules[key] === undefined ? objects.of(`${name}.${key}`) : -1;
    Object.defineProperty(table, key, {
      get(this: object) {
        if (touches.on && object >= 0) touches.read(object);
        else if (touches.on) rules[key]!();
        return get.call(this);
      },
      set(this: object, to: unknown) {
        if (object >= 0) touches.write(object);
        set!.call(this, to);
      },
    });
  }
}
