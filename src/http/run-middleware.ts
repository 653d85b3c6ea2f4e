/** Runs one middleware where no router does. */
import type { Request, RequestHandler, Response } from 'express';

/** Resolves when the middleware has called the next one; rejects with what it throws or hands on. */
export const settled = (handler: RequestHandler, req: Request, res: Response): Promise<void> =>
  new Promise((resolve, reject) => {
    void handler(req, res, (error?: unknown) => (error === undefined ? resolve() : reject(error)));
  });
