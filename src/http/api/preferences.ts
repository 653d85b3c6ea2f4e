/** What whoever asks would rather have (RFC 7240). */
import type { Request, Response } from 'express';

/** Whether the end of the work need not be waited for (`Prefer: respond-async`); the answer says that it was heard. */
export function prefersAsync(req: Request, res: Response): boolean {
  const isAsked = (req.get('prefer') ?? '')
    .split(',')
    .some((preference) => preference.split(';', 1)[0]?.trim().toLowerCase() === 'respond-async');
  if (isAsked) res.setHeader('Preference-Applied', 'respond-async');
  return isAsked;
}
