/** The door for SAML responses answers the same in front of Express's router as behind it. */
import { once } from 'node:events';
import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import type supertest from 'supertest';
import { createValidatorPool } from '../../../src/http/saml/validator-pool.ts';
import { nextText } from '../../support/builders.ts';
import { startGateway, type TestGateway } from '../../support/gateway.ts';
import { inProcessValidator } from '../../support/saml-validator.ts';
import { addSamlConnection } from '../../support/sign-in-stage.ts';

let gateway: TestGateway;
let known: string;
beforeAll(async () => {
  gateway = await startGateway();
  const organization = await gateway.createOrganization({ slug: nextText('corp') });
  known = (await addSamlConnection(gateway, organization)).id;
});
afterAll(() => gateway.close());

const FORM = 'application/x-www-form-urlencoded';
const NOBODY = 'con_00000000000000000000000000';
const LARGE = `SAMLResponse=${'A'.repeat(460 * 1024)}`;

type Asking = (test: supertest.Test) => supertest.Test;
const sending =
  (body: string, headers: Readonly<Record<string, string>> = {}): Asking =>
  (posted) =>
    posted.set({ 'Content-Type': FORM, ...headers }).send(body);

const CASES: readonly (readonly [string, number, Asking, (string | undefined)?])[] = [
  ['a response that is none', 403, sending('SAMLResponse=PHg%2BPC94Pg%3D%3D')],
  ['no such connection', 403, sending('SAMLResponse=PHg%2BPC94Pg%3D%3D'), NOBODY],
  ['an id that is none', 403, sending('SAMLResponse=PHg%2BPC94Pg%3D%3D'), 'con_1'],
  ['no response', 400, sending('RelayState=x')],
  ['no body', 400, (posted) => posted],
  ['a request', 405, sending('SAMLRequest=x')],
  ['too large a form', 413, sending(LARGE)],
  ['too many fields', 413, sending('a=b&'.repeat(21))],
  ['JSON', 415, sending('{}', { 'Content-Type': 'application/json' })],
  ['another charset', 415, sending('SAMLResponse=x', { 'Content-Type': `${FORM}; charset=utf-16` })],
  ['a compressed form', 415, sending('SAMLResponse=x', { 'Content-Encoding': 'gzip' })],
];

const seen = ({ status, headers, text }: supertest.Response) => {
  const { 'x-request-id': requestId, date: _date, ...others } = headers as Record<string, string>;
  return { status, others, text: text.replaceAll(requestId ?? '', '(id)') };
};

describe('S219: the same status, headers and page', () => {
  test.each(CASES)('%s', async (_title, status, ask, id = known) => {
    const path = `/saml/${id}/acs`;
    // Any query keeps the address from the surface.
    const behind = seen(await ask(gateway.request().post(`${path}?x=1`)));
    const inFront = seen(await ask(gateway.request().post(path)));
    expect(inFront).toEqual(behind);
    expect(inFront.status).toBe(status);
    expect(inFront.others).toMatchObject({ 'x-content-type-options': 'nosniff', 'x-frame-options': 'DENY' });
  });

  test('a response for which there is no place is told when to come back', async () => {
    const pool = createValidatorPool({ workers: 1, logger: gateway.deps.logger, limit: 0 });
    const facts = jest.spyOn(inProcessValidator, 'facts').mockImplementation(pool.facts);
    const post = gateway.request().post(`/saml/${known}/acs`);
    const answer = await sending('SAMLResponse=PHg%2BPC94Pg%3D%3D')(post);
    expect([answer.status, answer.headers['retry-after']]).toEqual([429, '2']);
    facts.mockRestore();
    await pool.close();
  });

  test('S223: a form that breaks off, or comes in pieces beyond the limit, harms nobody', async () => {
    const { hostname, port } = new URL(gateway.origin);
    const head = `POST /saml/${known}/acs HTTP/1.1\r\nHost: x\r\nContent-Type: ${FORM}\r\n`;
    const half = connect(Number(port), hostname);
    half.end(`${head}Content-Length: 100\r\n\r\nSAMLResponse=`);
    const piece = `${(64 * 1024).toString(16)}\r\n${'A'.repeat(64 * 1024)}\r\n`;
    const long = connect(Number(port), hostname);
    long.write(`${head}Transfer-Encoding: chunked\r\n\r\n${piece.repeat(8)}`);
    const [answer] = await once(long, 'data');
    long.destroy();
    expect(String(answer)).toMatch(/^HTTP\/1\.1 413 /);
    const next = await gateway.request().post(`/saml/${known}/acs`).type('form').send('RelayState=x');
    expect(next.status).toBe(400);
  });

  const LARGE_PIECE = `${(64 * 1024).toString(16)}\r\n${'A'.repeat(64 * 1024)}\r\n`;
  test.each([
    ['in pieces', `Transfer-Encoding: chunked\r\n\r\n${LARGE_PIECE.repeat(16)}0\r\n\r\n`, 413],
    ['whole', `Content-Length: ${LARGE.length}\r\n\r\n${LARGE}`, 413],
    ['compressed', `Content-Encoding: gzip\r\nContent-Length: ${LARGE.length}\r\n\r\n${LARGE}`, 415],
  ])(
    'S223: after a form that is refused, %s, the connection takes the next request',
    async (_how, rest, status) => {
      const { hostname, port } = new URL(gateway.origin);
      const socket = connect(Number(port), hostname);
      socket.write(`POST /saml/${known}/acs HTTP/1.1\r\nHost: x\r\nContent-Type: ${FORM}\r\n${rest}`);
      socket.write('GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n');
      let answers = '';
      for await (const part of socket) answers += String(part);
      expect(answers.match(/HTTP\/1\.1 \d+/g)).toEqual([`HTTP/1.1 ${status}`, 'HTTP/1.1 200']);
    },
  );

  test.each(['GET', 'PUT', 'DELETE'])('405 for %s', async (method) => {
    const answer = await gateway
      .request()
      [method === 'GET' ? 'get' : method === 'PUT' ? 'put' : 'delete'](`/saml/${known}/acs`);
    expect([answer.status, answer.headers.allow]).toEqual([405, 'POST']);
  });
});
