/** Builds and packs the package before the first of its tests. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestProject } from "vitest/node";
import { type Packed, pack } from "./scratch.ts";

declare module "vitest" {
  interface ProvidedContext {
    readonly packed: Packed;
  }
}

export default function setup(project: TestProject): () => void {
  const folder = mkdtempSync(join(tmpdir(), "umcg-packed-"));
  project.provide("packed", pack(folder));
  return () => rmSync(folder, { recursive: true, force: true });
}
