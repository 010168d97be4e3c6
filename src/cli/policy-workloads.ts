/** The workloads of `umcg bench policies --workload`: the name of a shipped one, or a file whose default export is one of your own. */
import type { PolicyWorkload } from "../bench/policies/policy-workload.ts";
import { POLICY_WORKLOADS } from "../bench/policies/policy-workloads.ts";
import { isFile, loadDefault } from "./contenders.ts";
import { ProgramFileError } from "./errors.ts";
import type { Options } from "./options.ts";

const NAMES = POLICY_WORKLOADS.map(({ name }) => name);

/** Default: all that are shipped. Throws UsageError, ProgramFileError. */
export async function readWorkloads(options: Options): Promise<readonly PolicyWorkload[]> {
  const wanted = options.text("workload");
  if (wanted === undefined) return POLICY_WORKLOADS;
  if (isFile(wanted)) return [await loadWorkload(wanted)];
  const shipped = POLICY_WORKLOADS.filter(({ name }) => name === wanted);
  if (shipped.length > 0) return shipped;
  throw options.usage(
    `--workload must be one of ${NAMES.join(", ")}, or a file (./mine.ts), got "${wanted}"`,
  );
}

async function loadWorkload(file: string): Promise<PolicyWorkload> {
  const exported = await loadDefault(file);
  const workload = (typeof exported === "object" ? exported : undefined) as
    | Partial<PolicyWorkload>
    | null
    | undefined;
  const missing =
    (["name", "summary", "operations", "wakes"] as const).find(
      (key) => typeof workload?.[key] !== "string",
    ) ?? (["workers", "start"] as const).find((key) => typeof workload?.[key] !== "function");
  if (missing === undefined) return workload as PolicyWorkload;
  throw new ProgramFileError(file, `its default export must be a PolicyWorkload, and has no ${missing}`);
}
