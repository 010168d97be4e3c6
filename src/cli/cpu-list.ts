/** Lists of CPUs on the command line. */
import type { Options } from "./options.ts";

/** `0-3,6`. Throws UsageError. */
export function readCpus(options: Options, name: string, vcpus: number): number[] | undefined {
  const text = options.text(name);
  if (text === undefined) return undefined;
  const cpus: number[] = [];
  for (const part of text.split(",")) {
    const [, first = "", last = first] = /^(\d+)(?:-(\d+))?$/.exec(part) ?? [];
    const [from, to] = [Number(first), Number(last)];
    if (first === "" || from > to || to >= vcpus) {
      throw options.usage(`--${name} must list CPUs from 0 to ${vcpus - 1} as in 0-1,3, got "${part}"`);
    }
    for (let cpu = from; cpu <= to; cpu++) cpus.push(cpu);
  }
  return cpus;
}
