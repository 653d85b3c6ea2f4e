/** A router that is loaded with the first request for it: what no request touches takes no memory. */
import type { RequestHandler } from 'express';

/** Hands every request to what `load` answers. A load that failed is tried again by the next request. */
export function routerOnDemand(load: () => Promise<RequestHandler>): RequestHandler {
  let loading: Promise<RequestHandler> | undefined;
  const loaded = async (): Promise<RequestHandler> => {
    loading ??= load();
    try {
      return await loading;
    } catch (error) {
      loading = undefined;
      throw error;
    }
  };
  return async (req, res, next) => {
    const router = await loaded();
    await router(req, res, next);
  };
}
