/** The ends of keyset pages. */

/** Sorts after every id: where a list that runs from newest to oldest begins. */
export const NO_ID_YET = '\u{10ffff}';
