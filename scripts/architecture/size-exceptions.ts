/** Everything that is larger than style allows, with the reason. This list may only shrink. */
import type { SizeException } from './rules.ts';

export const sizeExceptions: readonly SizeException[] = [];

/** How many exceptions there may be. Lower it whenever one goes; never raise it. */
export const SIZE_EXCEPTION_CEILING = 0;
