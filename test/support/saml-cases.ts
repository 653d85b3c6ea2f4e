/** Attacks that are more than one message, and the file each of the whole corpus is kept in. */
import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import type { AttackCase } from './saml-case.ts';
import { SETTINGS_CASES } from './saml-cases-settings.ts';
import { SIGN_IN_CASES } from './saml-cases-sign-in.ts';

const FOLDER = new URL('../fixtures/saml/attacks/', import.meta.url);

/** Every attack of several steps, as the script writes them. */
export const attackCases = (): readonly AttackCase[] => [...SIGN_IN_CASES, ...SETTINGS_CASES];

/** A line of `attacks/index.json`: a message with the reason of its refusal, or a case, which says itself what is expected. */
export interface AttackFile {
  readonly file: string;
  readonly line: string;
  readonly mutation: string;
  readonly reason?: string;
}

export const attackIndex = (): readonly AttackFile[] =>
  JSON.parse(readFileSync(new URL('index.json', FOLDER), 'utf8'));

function bytesOf(file: string): Buffer {
  const bytes = readFileSync(new URL(file, FOLDER));
  return file.endsWith('.gz') ? gunzipSync(bytes) : bytes;
}

/** The form field that a message of the corpus is. */
export const fieldOf = (file: string): string =>
  file.includes('.txt') ? bytesOf(file).toString() : bytesOf(file).toString('base64');

/** The case that a document of the corpus is. */
export const caseOf = (file: string): AttackCase => JSON.parse(bytesOf(file).toString());

export const isCase = ({ file }: AttackFile): boolean => /\.json(?:\.gz)?$/.test(file);
