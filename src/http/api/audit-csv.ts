/** The audit as a CSV file for people: who acted by name, every time as ISO 8601, cells that open as text (S202). */
import type { Actor, AuditEvent } from '../../core/entities/journal.ts';
import { csvLine } from './csv.ts';
import { isoTime, presentDetails } from './present.ts';

/** The first line. */
export const AUDIT_CSV_HEAD = csvLine([
  ...['id', 'at', 'type', 'actorKind', 'actorId', 'actor', 'targetKind', 'target', 'details'],
  ...['requestId', 'ip'],
]);

/** One row as a line. */
export function auditCsvLine({ id, at, type, actor, target, details, requestId, ip }: AuditEvent): string {
  const who = tellActor(actor);
  return csvLine([
    ...[id, isoTime(at), type, actor.kind, who.id, who.name, target.kind, target.id],
    ...[JSON.stringify(presentDetails(details)), requestId, ip],
  ]);
}

/** Who it is by id, and as people call them. */
function tellActor(actor: Actor): { readonly id: string | null; readonly name: string } {
  switch (actor.kind) {
    case 'member':
      return { id: actor.membershipId, name: actor.email ?? 'member' };
    case 'directory':
      return { id: actor.directoryId, name: `token "${actor.tokenName}"` };
    case 'connection':
      return { id: actor.connectionId, name: 'a sign-in' };
    case 'invitee':
      return { id: actor.invitationId, name: 'the invited person' };
    case 'api_key':
      return { id: actor.apiKeyId, name: actor.name };
    case 'operator':
      return { id: null, name: 'the operator' };
    case 'anonymous':
      return { id: null, name: 'somebody not signed in' };
    case 'system':
      return { id: null, name: 'the gateway itself' };
  }
}
