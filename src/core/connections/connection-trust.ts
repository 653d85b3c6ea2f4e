/** What a connection rests on: shown in the audit, and told to every owner when it changes (S62). */
import { summarizeCertificate } from '../../kernel/certificates.ts';
import type { ChangeContext } from '../deps.ts';
import type { Connection } from '../entities/connection.ts';
import { connectionChangedMail } from '../mail/mails.ts';
import { mailOwners } from '../mail/owner-mails.ts';
import type { Repositories } from '../ports/storage.ts';

type Facts = Readonly<Record<string, unknown>>;

/** Whoever changes one of these decides who may sign in. Certificates are named by their fingerprints. Never a secret. */
export function trustFacts({ settings }: Connection): Facts {
  if (settings.protocol === 'oidc') {
    const { issuer, clientId, idTokenAlgs, tenantId } = settings;
    return { issuer, clientId, idTokenAlgs, tenantId };
  }
  const { idpEntityId, ssoUrl, ssoPostUrl, sloUrl, signatures, spEntityId, metadata } = settings;
  return {
    ...{ idpEntityId, ssoUrl, ssoPostUrl, sloUrl, signatures, spEntityId },
    certificates: settings.certificates.map((pem) => summarizeCertificate(pem)?.fingerprint ?? 'unreadable'),
    metadataUrl: metadata?.url ?? null,
    trustMetadata: metadata?.isTrusted ?? false,
    sha1Until: settings.sha1Until === null ? null : new Date(settings.sha1Until).toISOString(),
  };
}

/** What the audit may show of a connection. */
export function publicFacts(connection: Connection): Facts {
  const { name, status, preset, jit, idpInitiated, settings } = connection;
  return { name, status, preset, jit, idpInitiated, protocol: settings.protocol, ...trustFacts(connection) };
}

const textOf = (value: unknown): string =>
  Array.isArray(value) ? value.join(', ') || 'none' : value === null ? 'none' : String(value);

/** One entry for each fact that differs. */
function changedFacts(before: Connection, after: Connection) {
  const [old, next] = [trustFacts(before), trustFacts(after)];
  return Object.keys(next)
    .map((name) => ({ name, before: textOf(old[name]), after: textOf(next[name]) }))
    .filter((fact) => fact.before !== fact.after);
}

/** Tells every owner what is believed from now on; nothing when no fact of trust differs. */
export async function tellOwnersOfTrust(
  tx: Repositories,
  context: ChangeContext,
  { before, after }: { readonly before: Connection; readonly after: Connection },
): Promise<void> {
  const changes = changedFacts(before, after);
  if (changes.length === 0) return;
  const { actor } = context.cause;
  const by = actor.kind === 'member' ? (actor.email ?? 'a member') : `the ${actor.kind}`;
  await mailOwners(tx, context, (organization) =>
    connectionChangedMail({ organization, name: after.name, changes, by }),
  );
}
