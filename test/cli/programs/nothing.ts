/** Exports no program. */
export default 7;
