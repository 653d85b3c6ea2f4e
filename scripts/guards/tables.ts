/** All tables of `test/guards` under the names of their files. */
import { samlDocumentGuards } from '../../test/guards/saml-document.ts';
import { samlProtocolGuards } from '../../test/guards/saml-protocol.ts';
import { samlStatementGuards } from '../../test/guards/saml-statements.ts';
import { samlTenancyGuards } from '../../test/guards/saml-tenancy.ts';
import { samlTextGuards } from '../../test/guards/saml-text.ts';
import type { Guard, NamedGuard } from './guard.ts';

/** A new table is one line here. */
const guardTables: Readonly<Record<string, readonly Guard[]>> = {
  'saml-document': samlDocumentGuards,
  'saml-text': samlTextGuards,
  'saml-protocol': samlProtocolGuards,
  'saml-statements': samlStatementGuards,
  'saml-tenancy': samlTenancyGuards,
};

/** Every row, in the order of the tables. */
export const allGuards: readonly NamedGuard[] = Object.entries(guardTables).flatMap(([table, rows]) =>
  rows.map((row) => ({ ...row, table })),
);
