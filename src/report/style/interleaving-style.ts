/** The part of the style sheet that only an interleaving needs. */

export const INTERLEAVING_STYLE = "";
