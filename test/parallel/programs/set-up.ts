/** Throws while it lays itself out. */
export default (): void => {
  throw new TypeError("there is no such word");
};
