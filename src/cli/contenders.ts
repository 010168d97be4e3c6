/** The policies of `umcg bench policies --policy LIST`: names of shipped ones, and files whose default export is one of your own. */
import { basename, extname, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import type { Contender } from "../bench/policies/policy-run.ts";
import { whyNotLoaded } from "../parallel/program-module.ts";
import { POLICY_NAMES } from "../server/policies/index.ts";
import type { PolicyFactory } from "../server/policy.ts";
import { ProgramFileError, withPlace } from "./errors.ts";
import type { Options } from "./options.ts";

/** Default: all that are shipped. Throws UsageError, ProgramFileError. */
export async function readContenders(options: Options): Promise<readonly Contender[]> {
  const names = options.text("policy")?.split(",") ?? POLICY_NAMES;
  const contenders: Contender[] = [];
  for (const name of names) {
    const contender = isFile(name) ? await loadContender(name) : shipped(name, options);
    if (contenders.some((other) => other.name === contender.name))
      throw options.usage(`--policy names "${contender.name}" twice`);
    contenders.push(contender);
  }
  return contenders;
}

/** Is it the path of a file of the user's, and not the name of something shipped? */
export function isFile(name: string): boolean {
  return name.includes("/") || /\.[cm]?[jt]s$/.test(name);
}

function shipped(name: string, options: Options): Contender {
  const policy = POLICY_NAMES.find((known) => known === name);
  if (policy !== undefined) return { name: policy, policy };
  throw options.usage(`--policy must be of ${POLICY_NAMES.join(", ")}, or a file (./mine.ts), got "${name}"`);
}

/** Called by what the file is called: the name that a policy gives itself is known only when it is made. */
async function loadContender(file: string): Promise<Contender> {
  const policy = await loadDefault(file);
  if (typeof policy === "function")
    return { name: basename(file, extname(file)), policy: policy as PolicyFactory };
  const what = policy === undefined ? "missing" : "no function";
  throw new ProgramFileError(file, `its default export is ${what}: it must be a PolicyFactory`);
}

/** What a file of the user's exports by default. Throws ProgramFileError if it cannot be loaded. */
export async function loadDefault(file: string): Promise<unknown> {
  try {
    return ((await import(pathToFileURL(resolve(file)).href)) as { readonly default?: unknown }).default;
  } catch (cause) {
    throw new ProgramFileError(file, withPlace(whyNotLoaded(cause), cause), cause);
  }
}
