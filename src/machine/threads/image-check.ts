/**
 * What is wrong with the image of a machine on real threads, or with what it is given, before any Worker is started for it: a Worker
 * that cannot begin says so seconds later, or in words of its own.
 *
 * An image that makes a machine while it is loaded is loaded by the CPUs of that machine, too, which would make further machines. So
 * a CPU says where it is, and nobody makes a machine there.
 */
import { whyNotCloned } from "../../diagnostics/uncloneable.ts";
import { MachineError } from "../../kernel-sim/errors.ts";

/** The CPU whose Worker this is. */
let here: number | undefined;

/** This thread is a CPU's: no machine is made in it. */
export function enterCpu(cpu: number): void {
  here = cpu;
}

/** `who` makes a machine. Throws ERR_IMAGE in a Worker of a CPU. */
export function checkOutsideCpu(who: string): void {
  if (here === undefined) return;
  throw new MachineError(
    "ERR_IMAGE",
    `${who} is called by an image, while CPU ${here} loads it: call it if (isMainThread) only, or from another module`,
  );
}

/** The module of an image. Throws ERR_CONFIG for what is no absolute URL. */
export function imageUrl(name: string, image: URL | string): URL {
  if (URL.canParse(String(image))) return new URL(image);
  throw new MachineError("ERR_CONFIG", `${name} must be an absolute URL, as import.meta.url, got ${image}`);
}

/** What `send` does with a value that goes to other threads. Throws ERR_CONFIG naming the part that cannot be cloned. */
export function sent<R>(name: string, value: unknown, send: (value: unknown) => R): R {
  try {
    return send(value);
  } catch (cause) {
    const why = whyNotCloned(value, name);
    if (why === undefined) throw cause;
    throw new MachineError("ERR_CONFIG", `${name} must be something that can be cloned: ${why}`, { cause });
  }
}
