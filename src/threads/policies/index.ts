/** The policies that are here by name, and loading one that is not. */
import { ThreadError } from "../errors.ts";
import type { PolicyModule, PolicyName, ThreadPolicy } from "../policy.ts";
import { fifo } from "./fifo.ts";
import { perCpu } from "./per-cpu.ts";

const POLICIES: Readonly<Record<PolicyName, ThreadPolicy>> = { fifo, "per-cpu": perCpu };

/** What is told to other isolates. */
export type PolicyChoice = PolicyName | { readonly url: string; readonly export: string };

export function choiceOf(policy: PolicyName | PolicyModule): PolicyChoice {
  return typeof policy === "string" ? policy : { url: String(policy.url), export: policy.export };
}

/** For messages. */
export function nameOfPolicy(choice: PolicyChoice): string {
  return typeof choice === "string" ? choice : `${choice.export} of ${choice.url}`;
}

/** The policy of that name, or of that module. Rejects with ERR_OPTION, and with what loading the module throws. */
export async function loadPolicy(choice: PolicyChoice): Promise<ThreadPolicy> {
  if (typeof choice === "string") {
    const known = POLICIES[choice];
    if (known === undefined) throw new ThreadError("ERR_OPTION", `there is no policy ${choice}`);
    return known;
  }
  const module = (await import(choice.url)) as Record<string, unknown>;
  const policy = module[choice.export] as Partial<ThreadPolicy> | undefined;
  for (const name of ["words", "enqueue", "pick", "remove"] as const) {
    if (typeof policy?.[name] === "function") continue;
    throw new ThreadError("ERR_OPTION", `${nameOfPolicy(choice)} is no policy: it has no ${name}()`);
  }
  return policy as ThreadPolicy;
}
