/** Remembers the head of the chain that was last moved or read, for transactions: each change asks for it once more. */
import type { AuditHead } from '../../core/entities/journal.ts';
import type { OrganizationId } from '../../kernel/ids.ts';

/**
 * The head of one organization as the writing connection left it. Whoever takes anything back, or changes the table by
 * another way than `append`, forgets it. A wrong one could not pass: a row is appended behind the stored head alone.
 */
export interface RememberedHead {
  /** Undefined: ask the table. */
  of(organizationId: OrganizationId): AuditHead | undefined;
  keep(organizationId: OrganizationId, head: AuditHead): void;
  forget(): void;
}

/** One for a connection that writes. */
export function createRememberedHead(): RememberedHead {
  let last: { readonly organizationId: OrganizationId; readonly head: AuditHead } | undefined;
  return {
    of: (organizationId) => (last?.organizationId === organizationId ? last.head : undefined),
    keep: (organizationId, head) => {
      last = { organizationId, head };
    },
    forget: () => {
      last = undefined;
    },
  };
}

/** For a connection that only reads: others move what it has seen. */
export const noHead: RememberedHead = {
  of: () => undefined,
  keep: () => undefined,
  forget: () => undefined,
};
