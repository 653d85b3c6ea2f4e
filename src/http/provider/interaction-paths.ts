/** Where a person comes by while an application waits for them, and for how long. */

export const INTERACTION_SECONDS = 600;

const BASE = '/oidc/interaction/';

/** The page between an application and the sign-in pages; also where those come back to. */
export const interactionPath = (uid: string): string => `${BASE}${uid}`;

/** The sign-in under way that a path of ours leads on to; undefined for any other path. */
export const interactionAt = (path: string): string | undefined =>
  /^\/oidc\/interaction\/([\w-]+)/.exec(path)?.[1];

/** Whether a path of ours leads on to an application. */
export const leadsToApplication = (path: string): boolean => path.startsWith(BASE);
