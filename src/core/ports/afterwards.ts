/** Work that goes on when the answer has left: how long it takes must not tell a stranger what was found (S155, S177). */

/**
 * Begins `work` a moment later and resolves without waiting for it; its failure is logged and nobody's answer. Tests may put in its place
 * one that waits. Nothing that must not be lost belongs here: a crash loses it.
 */
export type Afterwards = (work: () => Promise<void>) => Promise<void>;
