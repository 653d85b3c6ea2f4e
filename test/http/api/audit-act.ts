/** One act that the audit tells, as the tables of audit-acts.test.ts state it. */
import type { AuditType } from '../../../src/core/entities/journal.ts';

export interface Act {
  /** Exactly one row of each, with who, from where and in which request. */
  readonly types: readonly AuditType[];
  /** Rows that the act leaves besides, of types that other acts are about. */
  readonly also?: readonly AuditType[];
  /**
   * `WHO METHOD /path`; `{name}` is what an earlier act saved. WHO: operator, nobody and person (in a browser) at the
   * management API; page and form in that browser at a page of ours, by JSON or as a form; scim.
   */
  readonly request: string;
  /** Milliseconds before it. */
  readonly waits?: number;
  /** Afterwards the newest mailed link below this place is known as `{mailed}`, and its last segment as `{mailedProof}`. */
  readonly mails?: string;
  readonly body?: unknown;
  /** Of the answer; any of success if absent. */
  readonly status?: number;
  /** What to keep of the answer; `url` keeps its last segment. */
  readonly saves?: Readonly<Record<string, string>>;
}
