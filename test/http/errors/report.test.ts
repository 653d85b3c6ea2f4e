/** Which errors wake somebody up, and what their log lines say. */
import { describe, expect, test } from '@jest/globals';
import type { Response } from 'express';
import { reportError } from '../../../src/http/errors/report.ts';
import type { ErrorCode } from '../../../src/kernel/errors.ts';
import { GatehouseError } from '../../../src/kernel/errors.ts';
import { createLogger } from '../../../src/kernel/log.ts';

/** The line as it is written, after redaction. */
function lineOf(code: ErrorCode): Record<string, unknown> {
  const lines: string[] = [];
  const logger = createLogger({ level: 'debug', destination: { write: (line) => lines.push(line) } });
  const res: Pick<Response, 'locals'> = { locals: { facts: { requestId: 'r', ip: '', logger } } };
  reportError(res as Response, new GatehouseError(code, 'A sentence.'));
  return JSON.parse(lines.join('')) as Record<string, unknown>;
}

const levels: [code: ErrorCode, level: string, hasStack: boolean][] = [
  ['internal', 'error', true],
  ['storage_unavailable', 'error', true],
  ['not_implemented', 'debug', false],
  ['not_found', 'debug', false],
  ['too_many_requests', 'debug', false],
];

describe('a log line of an error', () => {
  test.each(levels)('%s is logged as %s under its own code, with a stack: %s', (code, level, hasStack) => {
    const line = lineOf(code);
    expect(line).toMatchObject({ level, errorCode: code, detail: 'A sentence.' });
    expect('error' in line).toBe(hasStack);
  });
});
