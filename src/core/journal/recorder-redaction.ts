/** Takes secrets out of a recorded exchange, and cuts it to size. Texts that cannot hold a secret are not even parsed. */
import { isSecretKey, redactText } from '../../kernel/redaction.ts';

const CENSORED = '[redacted]';
const DEPTH_LIMIT = 64;

/** As much of a body as is kept. */
export interface Excerpt {
  readonly text: string;
  /** Length of the whole, in bytes or characters as it was given. */
  readonly length: number;
  readonly isCut: boolean;
  /** What was cut off speaks of a secret, so that what is left cannot be judged by itself. */
  readonly isCutSuspect: boolean;
}

/** A body as it may be stored. */
export interface RedactedBody {
  readonly text: string;
  /** Not cut, and nothing taken out but passwords, which Gatehouse drops anyway. */
  readonly isWhole: boolean;
  /** What was taken out, to be taken out of whatever quotes it. */
  readonly secrets: readonly string[];
}

/** Words and forms, in small letters, without which no text holds a secret; `\u00` because escapes can spell any of them. */
const SUSPECT =
  /pass|pwd|secret|token|credential|api.?key|private|cookie|assertion|authorization|bearer|basic |dpop|eyj|-----begin|\\u00|[a-z]_[\w-]{43}|:\/\/[^\s"/]*@/;

/** Folded first: an expression that ignores case takes twice as long to find nothing, which is what it mostly finds. */
const isSuspect = (text: string): boolean => SUSPECT.test(text.toLowerCase());

/** The beginning of a body: of bytes at most `limit` bytes, of text at most `limit` characters. */
export function excerptOf(body: Buffer | string, limit: number): Excerpt {
  const { length } = body;
  if (length <= limit) return { text: body.toString(), length, isCut: false, isCutSuspect: false };
  // Of what we sent ourselves a little more than is kept: what names a secret stands close to it, and an answer can be long.
  const whole = typeof body === 'string' ? body.slice(0, limit * 2) : body.toString('latin1');
  const start = typeof body === 'string' ? Buffer.from(body.slice(0, limit)) : body.subarray(0, limit);
  // Through bytes: a slice of a large text would keep all of it in memory. Half a character at the cut goes.
  const text = start.toString().replace(/\ufffd+$/, '');
  return { text, length, isCut: true, isCutSuspect: isSuspect(whole) };
}

/** The beginning of what was sent, as text or as bytes; of bytes that are cut, `length` counts bytes. */
export function excerptOfAnswer(answer: Buffer | string, limit: number): Excerpt {
  if (typeof answer === 'string') return excerptOf(answer, limit);
  // No character has more than four bytes: twice as much as is kept, whatever it is made of.
  const excerpt = excerptOf(answer.toString('utf8', 0, limit * 8), limit);
  return answer.length <= limit * 8 ? excerpt : { ...excerpt, length: answer.length };
}

/** The body without secrets. One that names secrets and cannot be read as JSON is not kept at all. */
export function redactBody(excerpt: Excerpt): RedactedBody {
  const { text, length, isCut } = excerpt;
  if (isCut) {
    const kept = excerpt.isCutSuspect ? '[not kept: it names a secret]' : text;
    return { text: `${kept} [cut: ${length} in all]`, isWhole: false, secrets: [] };
  }
  if (!isSuspect(text)) return { text, isWhole: true, secrets: [] };
  const finds: Finds = { secrets: [], isAltered: false };
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    return { text: '[not kept: it names a secret and is not JSON]', isWhole: false, secrets: [] };
  }
  const clean = JSON.stringify(redactValue(parsed, finds, 0));
  return { text: clean, isWhole: !finds.isAltered, secrets: finds.secrets };
}

/** The path without the values of its query when anything in it could be a secret; at most 2,000 characters. */
export function redactPath(path: string): string {
  const short = path.length > 2000 ? `${path.slice(0, 2000)}...` : path;
  const plain = decoded(path);
  if (plain !== undefined && !isSuspect(plain)) return short;
  return redactText(short.replace(/([?&][^=&]*)=[^&]*/g, `$1=${CENSORED}`));
}

/** The text without secrets, and without these; what it quotes goes when it speaks of a secret. */
export function redactNote(text: string, secrets: readonly string[] = []): string {
  const known = secrets.reduce((rest, secret) => rest.replaceAll(secret, CENSORED), text);
  if (!isSuspect(known)) return known;
  return redactText(known).replace(/"(?:[^"\\]|\\.)*("|$)/g, `"${CENSORED}"`);
}

interface Finds {
  readonly secrets: string[];
  /** Something other than a password was taken out. */
  isAltered: boolean;
}

function redactValue(value: unknown, finds: Finds, depth: number): unknown {
  if (typeof value === 'string') {
    const clean = redactNote(value);
    if (clean !== value) finds.isAltered = true;
    return clean;
  }
  if (typeof value !== 'object' || value === null) return value;
  if (depth >= DEPTH_LIMIT) {
    finds.isAltered = true;
    return '[deep]';
  }
  if (Array.isArray(value)) return value.map((element) => redactValue(element, finds, depth + 1));
  return redactObject(value, finds, depth);
}

function redactObject(value: object, finds: Finds, depth: number): object {
  // A PATCH operation names the attribute in one member and carries the value in another.
  const path = Object.entries(value).find(([name]) => name.toLowerCase() === 'path')?.[1];
  const isSecretPath = typeof path === 'string' && secretWordIn(path) !== undefined;
  return Object.fromEntries(
    Object.entries(value).map(([name, inner]) => {
      const word = secretWordIn(name);
      const isValueOfPath = isSecretPath && name.toLowerCase() === 'value';
      if (word === undefined && !isValueOfPath) return [name, redactValue(inner, finds, depth + 1)];
      if (inner === null || inner === '') return [name, inner];
      noteSecrets(inner, finds, 0);
      if ((word ?? secretWordIn(String(path))) !== 'password') finds.isAltered = true;
      return [redactNote(name), CENSORED];
    }),
  );
}

/** The part of a name or path that makes it secret, in lower case; undefined when none does. */
function secretWordIn(name: string): string | undefined {
  return name
    .split(/[.:[\]\s"]+/)
    .find((segment) => isSecretKey(segment))
    ?.toLowerCase();
}

/** Remembers the texts inside a secret; very short ones would take half of everything else with them. */
function noteSecrets(value: unknown, finds: Finds, depth: number): void {
  if (typeof value === 'string' && value.length >= 4) {
    finds.secrets.push(value, JSON.stringify(value).slice(1, -1));
  } else if (typeof value === 'object' && value !== null && depth < DEPTH_LIMIT) {
    for (const inner of Object.values(value)) noteSecrets(inner, finds, depth + 1);
  }
}

function decoded(path: string): string | undefined {
  if (!path.includes('%')) return path;
  try {
    return decodeURIComponent(path);
  } catch {
    return undefined;
  }
}
