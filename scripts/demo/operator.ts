/** Calls the management API as the operator does; an answer that was not expected is an error that shows both sides. */
import { request } from 'undici';
import { textAt } from '../simulate/answers.ts';

export interface Asked {
  readonly method: string;
  /** Below `/api/v1`. */
  readonly path: string;
  readonly body?: unknown;
  /** A file instead of a body of JSON. */
  readonly csv?: string;
  /** The `Prefer` header. */
  readonly prefer?: string;
}

export interface Operator {
  /** Answers the parsed body. Throws with request and answer when the status is another one. */
  expect(status: number, asked: Asked): Promise<unknown>;
  /** Creates something and answers its `id`. */
  create(path: string, body: object): Promise<string>;
}

/** The operator of one gateway. */
export function createOperator(gateway: {
  readonly baseUrl: string;
  readonly operatorKey: string;
}): Operator {
  const expect = async (status: number, asked: Asked): Promise<unknown> => {
    const { method, path, body, csv, prefer } = asked;
    const sent = csv ?? (body === undefined ? null : JSON.stringify(body));
    const answer = await request(`${gateway.baseUrl}/api/v1${path}`, {
      method,
      headers: {
        authorization: `Bearer ${gateway.operatorKey}`,
        'content-type': csv === undefined ? 'application/json' : 'text/csv',
        ...(prefer === undefined ? {} : { prefer }),
      },
      body: sent,
    });
    const text = await answer.body.text();
    if (answer.statusCode === status) return text === '' ? undefined : parse(text);
    throw new Error(
      [
        `${status} was expected.`,
        `> ${method} /api/v1${path}`,
        ...(sent === null ? [] : [`> ${sent.slice(0, 2000)}`]),
        `< ${answer.statusCode}`,
        `< ${text}`,
      ].join('\n'),
    );
  };
  return {
    expect,
    create: async (path, body) => textAt(await expect(201, { method: 'POST', path, body }), 'id'),
  };
}

function parse(text: string): unknown {
  const value: unknown = JSON.parse(text);
  return value;
}
