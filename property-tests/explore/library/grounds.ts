/** What the library needs, in bare mode, besides what explore/library has: pages. */
import { addr } from "../../../src/atomics/address.ts";
import { PageTable } from "../../../src/atomics/page-table.ts";
import type { Coroutine } from "../../../src/atomics/step.ts";
import { UserAccess } from "../../../src/atomics/user-access.ts";
import type { Bare } from "../../../src/explore/bare/bare.ts";

/** The kernel's way to all of the memory: no page is absent. */
export function accessTo(bare: Bare): UserAccess {
  const pages = new PageTable(new Uint8Array(1));
  pages.protect(addr(0), 4096, "readwrite");
  return new UserAccess(bare, pages, function* (): Coroutine<boolean> {
    return false;
  });
}
