/** A command as it can be typed again, in a shell. */
export function commandText(command: string, args: readonly string[]): string {
  return ["umcg", command, ...args.map(quoted)].join(" ");
}

function quoted(arg: string): string {
  return /^[\w./:=,@%+-]+$/.test(arg) ? arg : `'${arg.replaceAll("'", "'\\''")}'`;
}
