/** What an audit row looks like once its personal part has been taken out (S217). */
import type { Actor, AuditEvent } from '../entities/journal.ts';

const ERASED = 'erased';

/** Who acted, without anything that says who that was: a membership id means nothing once its member is gone. */
export function emptied(actor: Actor): Actor {
  switch (actor.kind) {
    case 'member':
      return { kind: 'member', userId: ERASED, membershipId: actor.membershipId, email: null };
    case 'api_key':
      return { ...actor, name: ERASED };
    case 'directory':
      return { ...actor, tokenName: ERASED };
    default:
      return actor;
  }
}

/** Pure: whether nothing personal is left in a row. Only such a row may be without the salt of its digest. */
export const isEmptied = ({ actor, details, ip }: Pick<AuditEvent, 'actor' | 'details' | 'ip'>): boolean =>
  ip === null &&
  Object.keys(details).length === 0 &&
  JSON.stringify(actor) === JSON.stringify(emptied(actor));
