/** Structured log: one JSON object per line, secrets taken out before anything is written (S205, S210). */
import { pino } from 'pino';
import { redactFields, redactText } from './redaction.ts';

type Level = 'debug' | 'info' | 'warn' | 'error';

/** Facts beside the message. Keys that name secrets are censored at any depth; errors go under `error`. */
export type LogFields = Readonly<Record<string, unknown>>;

export interface Logger {
  debug(message: string, fields?: LogFields): void;
  info(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  error(message: string, fields?: LogFields): void;
  /** Whether lines of this severity are written: asked where putting together the fields is what costs. */
  writes(level: Level): boolean;
  /** A logger that adds these fields to each line, such as the request id. */
  child(fields: LogFields): Logger;
}

interface LoggerOptions {
  /** Least severe level that is written: `trace`, `debug`, `info`, `warn`, `error`, `fatal` or `silent`. */
  readonly level: string;
  /** Receives each line with its line feed. Absent: standard output. */
  readonly destination?: { write(line: string): void };
}

/** Builds the root logger. Each line has `level` as a word, `time` as ISO 8601 UTC, and `message`. */
export function createLogger({ level, destination }: LoggerOptions): Logger {
  const options = {
    level,
    base: null,
    messageKey: 'message',
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label: string) => ({ level: label }) },
  };
  return wrap(destination === undefined ? pino(options) : pino(options, destination), {});
}

interface Sink extends Record<Level, (fields: object, message: string) => void> {
  isLevelEnabled(level: Level): boolean;
}

/**
 * Redaction sits here and not in pino's path list, which cannot name "at any depth" nor look into texts. The fields
 * of a child are merged here too: pino would write a key of parent and child twice into one object.
 */
function wrap(sink: Sink, inherited: LogFields): Logger {
  const write = (level: Level) => (message: string, fields?: LogFields) => {
    if (!sink.isLevelEnabled(level)) return;
    sink[level](lineFields({ ...inherited, ...fields }), redactText(message));
  };
  return {
    debug: write('debug'),
    info: write('info'),
    warn: write('warn'),
    error: write('error'),
    writes: (level) => sink.isLevelEnabled(level),
    child: (fields) => wrap(sink, { ...inherited, ...fields }),
  };
}

/** Keys of the line itself; a field of that name would be a second key in the same object. */
const LINE_KEYS = ['level', 'time', 'message'];

function lineFields(fields: LogFields): object {
  const renamed = Object.entries(fields).map(([key, value]) => [
    LINE_KEYS.includes(key) ? `field_${key}` : key,
    value,
  ]);
  return redactFields(Object.fromEntries(renamed));
}
