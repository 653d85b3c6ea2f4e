/** A router that comes with its first request: loaded once, and a load that failed is no answer for ever. */
import { expect, test } from '@jest/globals';
import express from 'express';
import request from 'supertest';
import { routerOnDemand } from '../../src/http/router-on-demand.ts';

function served(load: () => Promise<express.RequestHandler>): express.Express {
  const app = express();
  app.use('/demanded', routerOnDemand(load));
  app.use((error: Error, _req: express.Request, res: express.Response, _next: express.NextFunction) => {
    res.status(500).send(error.message);
  });
  return app;
}

test('nothing is loaded before the first request, and once for all that come at the same time', async () => {
  let loads = 0;
  const app = served(async () => {
    loads += 1;
    await new Promise(setImmediate);
    const router = express.Router();
    router.post('/here', express.text(), (req, res) => {
      res.send(`${req.baseUrl} ${req.body}`);
    });
    return router;
  });
  expect(loads).toBe(0);
  const answers = await Promise.all(
    ['one', 'two', 'three'].map((text) => request(app).post('/demanded/here').type('text').send(text)),
  );
  expect(answers.map(({ text }) => text)).toEqual(['/demanded one', '/demanded two', '/demanded three']);
  expect(loads).toBe(1);
  expect((await request(app).get('/demanded/elsewhere')).status).toBe(404);
});

test('a load that failed is an error of that request; the next one tries again', async () => {
  const loads = [
    async (): Promise<express.RequestHandler> => {
      throw new Error('no such file');
    },
    async (): Promise<express.RequestHandler> => (_req, res) => {
      res.send('loaded');
    },
  ];
  const app = served(async () => (await loads.shift()?.()) ?? express.Router());
  const first = await request(app).get('/demanded');
  const second = await request(app).get('/demanded');
  expect([first.status, first.text]).toEqual([500, 'no such file']);
  expect([second.status, second.text]).toEqual([200, 'loaded']);
});
