/** Where in the text a generator is suspended: V8 tells a debugger, and nobody else. */
import { type Debugger, Session } from "node:inspector";
import { original } from "./site.ts";

const NAME = "umcg.suspended";
const STATE = "[[GeneratorState]]";
const LOCATION = "[[GeneratorLocation]]";

/** "file:///program.ts:12:5"; undefined: it has ended, or nobody can say. A millisecond or more. */
export function whereSuspended(generator: object): string | undefined {
  const session = new Session();
  session.connect();
  const shared = globalThis as { [NAME]?: object };
  let place: string | undefined;
  try {
    const urls = new Map<string, string>();
    session.on("Debugger.scriptParsed", ({ params: { scriptId, url } }) => urls.set(scriptId, url));
    session.post("Debugger.enable");
    shared[NAME] = generator;
    session.post("Runtime.evaluate", { expression: `globalThis["${NAME}"]` }, (_failed, found) => {
      const { objectId } = found?.result ?? {};
      if (objectId === undefined) return;
      session.post("Runtime.getProperties", { objectId }, (_again, told) => {
        const of = (name: string): unknown =>
          told?.internalProperties?.find((property) => property.name === name)?.value?.value;
        const at = of(LOCATION) as Debugger.Location | undefined;
        if (of(STATE) !== "suspended") return;
        const url = at && urls.get(at.scriptId);
        // Numbered from 0 there.
        if (at && url) place = original(url, at.lineNumber + 1, (at.columnNumber ?? 0) + 1);
      });
    });
  } finally {
    delete shared[NAME];
    session.disconnect();
  }
  return place;
}
