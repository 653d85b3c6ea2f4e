/** One explanation: what happened, in plain language, and where it is mended. */
import type { Screen } from './screens.ts';

export interface Cause {
  /** What happened and what to do, for an admin. */
  readonly cause: string;
  /** The setting at the identity provider; absent: there is nothing to mend there. */
  readonly screen?: Screen;
  /** The place in Gatehouse; absent: there is nothing to mend here. */
  readonly here?: string;
}

/** Places in Gatehouse that several causes name. */
export const CONNECTION = 'Connections > the connection';
