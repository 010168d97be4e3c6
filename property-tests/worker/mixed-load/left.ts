/** Who is left when a mixed load comes to a bad end, and how each stands: for whoever looks for the cause. */
import type { Machine } from "../../../src/machine.ts";
import { joinOf, parkOf } from "../../../src/server/record.ts";
import { serverTidOf, stateOf } from "../../../src/umcg/abi.ts";
import type { Life, Scene } from "./scene.ts";

const SHOWN = 12;

export function whoIsLeft(scene: Scene): string {
  const { machine, runtime, spawned } = scene;
  const left = spawned.filter(({ handle }) => handle!.ending === 0);
  const { live, searching, target } = runtime.group;
  const words = [live, searching, target].map((at) => word(machine, at));
  return [
    `live, searching, target: ${words}; ${left.length} workers of ${spawned.length} are left`,
    ...left.slice(0, SHOWN).map((life) => describeLife(machine, life)),
  ].join("\n");
}

function describeLife(machine: Machine, { id, plan, handle, signals, cancels, began, ended }: Life): string {
  const { record, tid } = handle!;
  const hex = (at: number): string => word(machine, at).toString(16);
  const join = new DataView(machine.kernel.local.buffer).getBigUint64(joinOf(record), true).toString(16);
  const asked = [...signals].map((signal) => `signal ${signal}`).concat(cancels > 0 ? ["cancelled"] : []);
  return (
    `  ${id} (tid ${tid}, ${plan.mortal ? "mortal, " : ""}${plan.fate}) began ${began}, ended ${ended}: state ${hex(stateOf(record))}, ` +
    `server ${word(machine, serverTidOf(record))}, park ${hex(parkOf(record))}, join ${join} ${asked.join(", ")}`
  );
}

function word(machine: Machine, at: number): number {
  return new DataView(machine.kernel.local.buffer).getUint32(at, true);
}
