/** The form of an attack that is more than one message: what is set up otherwise, and what is sent one after the other. */

/** What comes back, and what is known inside. */
export interface ExpectedAnswer {
  /** One status; or how many answers of each, where the request is sent several times at once. */
  readonly status: number | Readonly<Record<string, number>>;
  /** The exact reason in the audit, which the page does not say. */
  readonly reason?: string;
  /** Who is signed in in this browser afterwards; null: nobody. Absent: not looked at. */
  readonly who?: string | null;
  readonly location?: string;
  /** The code of a problem document. */
  readonly code?: string;
  readonly has?: readonly string[];
  readonly lacks?: readonly string[];
  /** How often a text stands in the answer. */
  readonly counts?: Readonly<Record<string, number>>;
}

/** One request, after what passes before it. */
export interface CaseStep {
  /** Seconds that go by first. */
  readonly wait?: number;
  /** The gateway stops and starts again on the same store first. */
  readonly restart?: true;
  /** Ada begins her sign-in at `corp` again first, which a refused answer has ended (S72). */
  readonly anew?: true;
  /** What the address of the identity provider's metadata answers from now on. */
  readonly publish?: string;
  /** `ada`, who has begun both sign-ins and whose browser keeps its cookies, if absent; any other name: an empty browser of that name. */
  readonly browser?: string;
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'HEAD';
  /** With its raw query. Below `/api/v1` it is sent by the operator, or by the person of `browser` where one is named. */
  readonly path: string;
  /** Fields of a form, in this order; a name may come twice. */
  readonly form?: readonly (readonly [name: string, value: string])[];
  /** Sent as JSON; `{metadata}` in it is the address of the identity provider's metadata. */
  readonly json?: unknown;
  /** Sent as XML. */
  readonly xml?: string;
  /** How often at once; 1 if absent. */
  readonly times?: number;
  readonly expect: ExpectedAnswer;
}

/** Settings of the connection of `corp` that are unlike the usual ones. */
export interface CaseConnection {
  readonly idpInitiated?: boolean;
  /** PEM. */
  readonly certificates?: readonly string[];
  /** It watches the identity provider's metadata. */
  readonly isWatching?: boolean;
}

export interface AttackCase {
  /** Line of the security catalogue. */
  readonly line: string;
  readonly name: string;
  readonly connection?: CaseConnection;
  /** The org role of ada; `member` if absent. */
  readonly role?: 'admin';
  readonly steps: readonly CaseStep[];
}
