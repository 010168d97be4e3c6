/** The host that the command line asks for. */
import { parseArgs } from "node:util";

export function hostAsked(): string {
  return parseArgs({ options: { host: { type: "string", default: "virtual" } } }).values.host;
}
