/** The registry of seeded defects is true: each text is in its file once, and is explored by something that there is. */
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { expect, it } from "vitest";
import { DEFECTS } from "./library/defects.ts";
import { SUBJECTS } from "./library/subjects.ts";

const root = resolve(import.meta.dirname, "../..");

it("can seed every defect, and knows who is to find it", () => {
  const names = new Set(SUBJECTS.map(({ name }) => name));
  const wrong = DEFECTS.filter(({ file, from, to, foundBy }) => {
    const times = readFileSync(resolve(root, file), "utf8").split(from).length - 1;
    return times !== 1 || from === to || !names.has(foundBy);
  });
  expect(wrong).toEqual([]);
  expect(new Set(DEFECTS.map(({ name }) => name)).size).toBe(DEFECTS.length);
  expect(DEFECTS.length).toBeGreaterThanOrEqual(30);
});
