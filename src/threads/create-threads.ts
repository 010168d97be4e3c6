/** What makes a runtime. The entry loads what its owner needs here and not before: every Worker that runs a user's module loads the entry. */
import type { HostThreads } from "./host-threads.ts";
import { type HostThreadsOptions, resolveOptions } from "./options.ts";
import { choiceOf, loadPolicy } from "./policies/index.ts";

/** A runtime, with as many Workers started as `prewarm` says. Rejects with ERR_OPTION, ERR_THREAD_START, or what a policy throws. */
export async function createThreads(options: HostThreadsOptions = {}): Promise<HostThreads> {
  const resolved = resolveOptions(options);
  const policy = await loadPolicy(choiceOf(resolved.policy));
  const { HostThreads } = await import("./host-threads.ts");
  const threads = new HostThreads(resolved, policy);
  try {
    await threads.prewarm(resolved.prewarm);
  } catch (error) {
    await threads.close();
    throw error;
  }
  return threads;
}
