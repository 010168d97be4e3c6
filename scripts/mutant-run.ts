/** `node scripts/mutant-run.ts NAME`: loads the library with this defect and explores what should find it. Prints JSON; see mutants.ts. */
import { registerHooks } from "node:module";
import { DEFECTS } from "../property-tests/explore/library/defects.ts";

const MAX_EXECUTIONS = 100_000;

const name = process.argv[2];
const defect = DEFECTS.find((one) => one.name === name);
if (defect === undefined) throw new Error(`there is no defect ${name}`);
const { file, from, to, foundBy } = defect;
const target = new URL(`../${file}`, import.meta.url).href;

registerHooks({
  load(url, context, nextLoad) {
    const loaded = nextLoad(url, context);
    if (url !== target) return loaded;
    const source = String(loaded.source);
    if (source.split(from).length !== 2) throw new Error(`${file} does not have the text of "${name}" once`);
    return { ...loaded, source: source.replace(from, () => to) };
  },
});

// Behind the hook: these load what has the defect.
const { explore } = await import("../src/explore/index.ts");
const { SUBJECTS } = await import("../property-tests/explore/library/subjects.ts");
const subject = SUBJECTS.find((one) => one.name === foundBy);
if (subject === undefined) throw new Error(`there is no exploration "${foundBy}"`);
const options = { maxExecutions: MAX_EXECUTIONS, ...subject.options, shrink: false };
const { executions, stopped, violations } = explore(subject.explorable, options);
const [first] = violations;
const kind = first?.kind ?? `nothing (${stopped ?? "explored to the end"})`;
const message = first?.message;
console.log(JSON.stringify({ found: first !== undefined, kind, executions, message }));
