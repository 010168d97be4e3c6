/**
 * Colours of a terminal. FORCE_COLOR turns them on wherever output goes (0 or false: off); else NO_COLOR (no-color.org), a
 * dumb terminal and output that goes to a file turn them off. Nothing is said by colour alone.
 */

export type Paint = "red" | "green" | "bold";

const CODES: Readonly<Record<Paint, readonly [on: number, off: number]>> = {
  red: [31, 39],
  green: [32, 39],
  bold: [1, 22],
};

type Environment = Readonly<Record<string, string | undefined>>;

export function wantsColour(isTTY: boolean, env: Environment): boolean {
  const force = env["FORCE_COLOR"];
  if (force !== undefined && force !== "") return force !== "0" && force !== "false";
  if (env["NO_COLOR"] !== undefined && env["NO_COLOR"] !== "") return false;
  return isTTY && env["TERM"] !== "dumb";
}

/** `text` in a colour where `colour` is wanted. To be put on when widths have been counted. */
export function paint(text: string, how: Paint, colour: boolean | undefined): string {
  const [on, off] = CODES[how];
  return colour === true ? `\x1b[${on}m${text}\x1b[${off}m` : text;
}
