/** A path with the methods it knows: everything else on it answers 405 with the list (S52, S226). */
import type { RequestHandler, Router } from 'express';
import { GatehouseError } from '../kernel/errors.ts';

interface Methods {
  readonly GET?: readonly RequestHandler[];
  readonly POST?: readonly RequestHandler[];
  /** False where even a GET starts or ends something, so that scanners' HEAD requests do not; true if absent. */
  readonly allowsHead?: boolean;
}

/** Mounts the handlers of one path. Throws `method_not_allowed` for other methods. */
export function mountMethods(router: Router, path: string, methods: Methods): void {
  const { GET, POST, allowsHead = true } = methods;
  const known = [
    ...(GET === undefined ? [] : ['GET']),
    ...(GET !== undefined && allowsHead ? ['HEAD'] : []),
    ...(POST === undefined ? [] : ['POST']),
  ];
  router.all(path, (req, res, next) => {
    if (known.includes(req.method)) return next();
    res.set('Allow', known.join(', '));
    throw new GatehouseError('method_not_allowed', 'This address does not know that method.');
  });
  if (GET !== undefined) router.get(path, ...GET);
  if (POST !== undefined) router.post(path, ...POST);
}
