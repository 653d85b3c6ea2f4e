/** Where a person comes by while an application waits for them, and for how long. */

export const INTERACTION_SECONDS = 600;

const BASE = '/oidc/interaction/';

/** The page between an application and the sign-in pages; also where those come back to. */
export const interactionPath = (uid: string): string => `${BASE}${uid}`;

/** Whether a path of ours leads on to an application. */
export const leadsToApplication = (path: string): boolean => path.startsWith(BASE);
