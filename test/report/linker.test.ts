import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { runInNewContext } from "node:vm";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { linkPage, PageModuleError } from "../../src/report/linker.ts";

let folder = "";
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "umcg-page-"));
});
afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

function link(files: Readonly<Record<string, string>>, entry: string): string {
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
  return linkPage(pathToFileURL(join(folder, entry)));
}

describe("linking a page", () => {
  test("joins modules so that each is there once and names do not meet", () => {
    const script = link(
      {
        "a.ts":
          '/** Header. */\nimport { b, type B } from "./b.ts";\nimport * as all from "./c.ts";\nconst own: B = 1;\nout.push(b(), all.c, own);',
        "b.ts":
          'import { c as third } from "./c.ts";\nexport type B = number;\nconst own = 10;\nexport function b(): number {\n  return own + third;\n}',
        "c.ts": "out.push(0);\nexport const c: number = 5;",
      },
      "a.ts",
    );
    const out: number[] = [];
    runInNewContext(script, { out });
    expect(out).toEqual([0, 15, 5, 1]);
    expect(script).not.toContain("Header");
  });

  test("takes JavaScript as it is", () => {
    const out: number[] = [];
    runInNewContext(link({ "a.js": "out.push(7);\n//# sourceMappingURL=a.js.map\n" }, "a.js"), { out });
    expect(out).toEqual([7]);
  });

  test.each([
    ['import fs from "node:fs";', 'cannot link "import fs from "node:fs";"'],
    ['import { a } from "a-package";', "imports a-package"],
    ['export { a } from "./b.js";', "cannot link"],
    ["export default 1;", "cannot link"],
  ])("refuses %s", (text, problem) => {
    expect(() => link({ "a.js": text, "b.js": "export const a = 1;" }, "a.js")).toThrow(PageModuleError);
    expect(() => linkPage(pathToFileURL(join(folder, "a.js")))).toThrow(problem);
  });
});
