/** What host threads and the isolate that owns them say to each other through ports. Everything else is in shared words. */
import type { HostSizes } from "../../kernel-sim/lkl/host/layout.ts";
import type { Berth } from "./berth.ts";

/** What a Worker is given to begin with. */
export interface ThreadStart {
  readonly buffer: SharedArrayBuffer;
  /** Where the host operations lie in it, and their sizes. */
  readonly base: number;
  readonly sizes: HostSizes;
  /** URL of the module that exports `image`. */
  readonly image: string;
  /** Which threads it is, one after the other. */
  readonly berth: Berth;
}

export type FromThread =
  | { readonly kind: "launch"; readonly slot: number }
  | { readonly kind: "print"; readonly text: string };
