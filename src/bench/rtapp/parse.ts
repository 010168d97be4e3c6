/**
 * rt-app's description of tasks, read and checked: an unknown key is an error that names it and its place, and so is what
 * this simulator cannot do. Keys that only say where the original writes its files, or how it measures its machine, are
 * accepted. Source: rt-app's documents, in our own words in docs/workloads.md.
 */
import { boolean, type Field, fail, fieldsOf, integer, integers, text, wrong } from "./fields.ts";
import { parseJsonText } from "./json-text.ts";
import { eventKindOf, isNotSimulated, parseEvent } from "./parse-event.ts";
import type { RtappPhase, RtappProgram, RtappTask, Scheduling, Settings } from "./program.ts";

const MAX_SECONDS = 1_000_000;
const MAX_US = 1_000_000_000;
const MAX_INSTANCES = 1 << 16;
const MAX_LOOPS = 1_000_000_000;
const DEFAULT_RT_PRIORITY = 10;

/** Of the global object, without meaning here. */
const IGNORED = [
  "lock_pages",
  "logdir",
  "log_basename",
  "log_size",
  "ftrace",
  "gnuplot",
  "io_device",
  "mem_buffer_size",
];
/** Of a thread or a phase. */
const NOT_SIMULATED = ["dl-", "util_", "taskgroup", "membind_nodes", "numa_"];

const POLICIES: Readonly<Record<string, Scheduling["policy"]>> = {
  SCHED_OTHER: "normal",
  SCHED_IDLE: "idle",
  SCHED_BATCH: "batch",
  SCHED_RR: "rr",
  SCHED_FIFO: "fifo",
};

interface Context {
  readonly vcpus: number;
  readonly defaultPolicy: Scheduling["policy"];
}

/** `vcpus`: CPUs that there are. Throws RtappError. */
export function parseRtapp(source: string, vcpus: number): RtappProgram {
  const root: Field = { key: "", path: "", node: parseJsonText(source), line: 1 };
  const fields = fieldsOf(root);
  const unknown = fields.find(({ key }) => !["tasks", "global", "resources"].includes(key));
  if (unknown !== undefined) throw fail(unknown, "unknown key; known are tasks, global, resources");
  const tasks = fields.find(({ key }) => key === "tasks");
  if (tasks === undefined) throw fail(root, "tasks is missing");
  const global = parseGlobal(fields.find(({ key }) => key === "global"));
  const context = { vcpus, defaultPolicy: global.policy };
  const parsed = fieldsOf(tasks).map((field) => parseTask(field, context));
  if (parsed.length === 0) throw fail(tasks, "has no task");
  checkForks(tasks, parsed);
  const { durationNs, calibrationNs, cumulativeSlack } = global;
  return { durationNs, calibrationNs, cumulativeSlack, tasks: parsed };
}

function parseGlobal(global: Field | undefined) {
  let durationNs: number | undefined;
  let [calibrationNs, cumulativeSlack]: [number, boolean] = [1000, false];
  let policy: Scheduling["policy"] = "normal";
  for (const field of global === undefined ? [] : fieldsOf(global)) {
    if (field.key === "duration") {
      const seconds = integer(field, -1, MAX_SECONDS);
      durationNs = seconds < 0 ? undefined : seconds * 1e9;
    } else if (field.key === "calibration") {
      if (typeof field.node.value === "number") calibrationNs = integer(field, 1, MAX_US);
      else text(field);
    } else if (field.key === "default_policy") policy = parsePolicy(field);
    else if (field.key === "cumulative_slack") cumulativeSlack = boolean(field);
    else if (field.key === "pi_enabled") {
      if (boolean(field)) throw fail(field, "priority inheritance is not simulated");
    } else if (!IGNORED.includes(field.key)) throw fail(field, "unknown key");
  }
  return { durationNs, calibrationNs, cumulativeSlack, policy };
}

function parseTask(field: Field, context: Context): RtappTask {
  const fields = fieldsOf(field);
  const phases = fields.find(({ key }) => key === "phases");
  const own = ["instance", "delay", "loop", "phases"];
  const rest = fields.filter(({ key }) => !own.includes(key));
  const find = (wanted: string): Field | undefined => fields.find(({ key }) => key === wanted);
  const [instance, delay, loop] = [find("instance"), find("delay"), find("loop")];
  const direct = parseBody(rest, field.key, context, phases === undefined);
  const parsed =
    phases === undefined
      ? [{ name: field.key, loop: 1, scheduling: undefined, cpus: undefined, events: direct.events }]
      : fieldsOf(phases).map((phase) => parsePhase(phase, field.key, context));
  if (parsed.every(({ events }) => events.length === 0)) throw fail(field, "does nothing: it has no event");
  const times = loop === undefined ? -1 : integer(loop, -1, MAX_LOOPS);
  return {
    name: field.key,
    instances: instance === undefined ? 1 : integer(instance, 0, MAX_INSTANCES),
    delayNs: delay === undefined ? 0 : 1000 * integer(delay, 0, MAX_US),
    loop: times < 0 ? undefined : times,
    scheduling: direct.scheduling ?? defaultScheduling(context.defaultPolicy),
    cpus: direct.cpus,
    phases: parsed,
  };
}

function parsePhase(field: Field, task: string, context: Context): RtappPhase {
  const fields = fieldsOf(field);
  const loop = fields.find(({ key }) => key === "loop");
  const rest = fields.filter(({ key }) => key !== "loop");
  const times = loop === undefined ? 1 : integer(loop, -1, MAX_LOOPS);
  return {
    name: field.key,
    loop: times < 0 ? Number.POSITIVE_INFINITY : times,
    ...parseBody(rest, task, context, true),
  };
}

/** Settings, and events where there may be any. */
function parseBody(
  fields: readonly Field[],
  task: string,
  context: Context,
  mayHaveEvents: boolean,
): Settings & Pick<RtappPhase, "events"> {
  const find = (wanted: string): Field | undefined => fields.find(({ key }) => key === wanted);
  const [policy, priority, cpus] = [find("policy"), find("priority"), find("cpus")];
  const rest = fields.filter(({ key }) => !["policy", "priority", "cpus"].includes(key));
  const events = rest.map((field) => {
    const { key } = field;
    const kind = eventKindOf(key);
    if (isNotSimulated(key) || NOT_SIMULATED.some((start) => key.startsWith(start)))
      throw fail(field, "is not simulated");
    if (kind === undefined) throw fail(field, "unknown key: neither a property nor an event");
    if (!mayHaveEvents) throw fail(field, "an event beside phases belongs into one of them");
    return parseEvent(kind, field, task);
  });
  return {
    events,
    scheduling: parseScheduling(policy, priority, context),
    cpus: cpus === undefined ? undefined : integers(cpus, 0, context.vcpus - 1),
  };
}

function parseScheduling(
  policy: Field | undefined,
  priority: Field | undefined,
  { defaultPolicy }: Context,
): Scheduling | undefined {
  if (policy === undefined && priority === undefined) return undefined;
  const chosen = policy === undefined ? defaultPolicy : parsePolicy(policy);
  const plain = defaultScheduling(chosen);
  if (priority === undefined) return plain;
  return chosen === "fifo" || chosen === "rr"
    ? { ...plain, rtPriority: integer(priority, 1, 99) }
    : { ...plain, nice: integer(priority, -20, 19) };
}

function defaultScheduling(policy: Scheduling["policy"]): Scheduling {
  const realtime = policy === "fifo" || policy === "rr";
  return { policy, rtPriority: realtime ? DEFAULT_RT_PRIORITY : 0, nice: 0 };
}

function parsePolicy(field: Field): Scheduling["policy"] {
  const policy = POLICIES[text(field)];
  if (policy !== undefined) return policy;
  if (text(field) === "SCHED_DEADLINE") throw fail(field, "SCHED_DEADLINE is not simulated");
  throw wrong(field, `one of ${Object.keys(POLICIES).join(", ")}`);
}

/** A fork names a task, and barriers do not go with forks: nobody knows how many come. */
function checkForks(field: Field, tasks: readonly RtappTask[]): void {
  const events = tasks.flatMap(({ phases }) => phases.flatMap((phase) => phase.events));
  for (const event of events) {
    if (event.kind === "fork" && !tasks.some(({ name }) => name === event.ref))
      throw fail(field, `fork names "${event.ref}", which is no task`);
  }
  const [forks, meets] = (["fork", "barrier"] as const).map((kind) =>
    events.some((one) => one.kind === kind),
  );
  if (forks && meets) throw fail(field, "a barrier does not go with fork: nobody knows how many come");
}
