/** `--trace FILE` and `--report FILE`: files about one run, each its own. */
import { resolve } from "node:path";
import type { Options } from "./options.ts";

/** Throws UsageError. */
export function checkOneRunFiles(options: Options): void {
  for (const file of ["trace", "report"])
    if (options.has(file) && options.has("repeat"))
      throw options.usage(`--${file} is of one run: leave out --repeat`);
  const [trace, report] = [options.text("trace"), options.text("report")];
  if (trace !== undefined && report !== undefined && resolve(trace) === resolve(report))
    throw options.usage(`--trace and --report both name ${trace}: one would overwrite the other`);
}
