/** The time source. Everything that needs "now" receives it, so tests can move it. */

/** Answers epoch milliseconds, UTC. */
export type Clock = () => number;

export const systemClock: Clock = () => Date.now();

export const seconds = (count: number): number => count * 1000;
export const minutes = (count: number): number => seconds(count * 60);
export const hours = (count: number): number => minutes(count * 60);
export const days = (count: number): number => hours(count * 24);
