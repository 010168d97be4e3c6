/**
 * What there is to be seen of the state of a system, for reports: names and values, as text.
 *
 * A system shows the same things in every state but for those that come to be; a thing has one key for ever and may get its name
 * later (a word becomes the state word of a task when that registers).
 */

/** Headings under which things are shown, in this order. */
export const LOOK_GROUPS = ["cpus", "tasks", "threads", "locks", "words"] as const;
/** One of these headings. */
export type LookGroup = (typeof LOOK_GROUPS)[number];

/** Told of each thing. `named`: somebody has given it the name; else it is an address. */
export type See = (key: string, group: LookGroup, name: string, value: string, named: boolean) => void;
