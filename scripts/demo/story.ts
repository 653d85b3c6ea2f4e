/** The demo from the first organization to the last 401, step by step. */
import type { Browser } from '../../test/support/browser.ts';
import { type Company, foundCompany } from './companies.ts';
import { cutOver } from './cutover.ts';
import { deactivate } from './deactivation.ts';
import { importPeople } from './import.ts';
import {
  acceptAgain,
  acceptInvitation,
  type Guest,
  inviteByMail,
  type ManualOrganization,
  tryInvitation,
} from './invitations.ts';
import type { Narrator } from './narration.ts';
import { OVERVIEW_HEAD, overviewOf } from './overview.ts';
import { testRules } from './rules.ts';
import { connectOidc, connectSaml, enterApplication, refuseStranger, signInEmployee } from './sign-ins.ts';
import type { Stage } from './stage.ts';

/** What a person needs to look around afterwards. */
export interface Ending {
  readonly saml: Company;
  readonly oidc: Company;
  readonly manual: ManualOrganization;
  readonly guest: Guest;
}

const GUEST: Guest = {
  email: 'olive@bakery.example',
  name: 'Olive Baker',
  password: 'warm bread before sunrise',
};

/** The groups of the people who sign in; one of the second kind leaves at the end. */
const [ADMINS, LEAVERS] = ['IT Admins', 'Engineering Leads'];

/** Plays the whole story. Throws at the first step that does not hold. */
export async function tellStory(stage: Stage, narrator: Narrator): Promise<Ending> {
  const saml = await foundCompany(stage, narrator, {
    name: 'Northwind',
    slug: 'northwind',
    domain: 'northwind.example',
    kind: 'okta',
    seed: 11,
  });
  const oidc = await foundCompany(stage, narrator, {
    name: 'Contoso',
    slug: 'contoso',
    domain: 'contoso.example',
    kind: 'entra',
    seed: 23,
  });
  const browsers = await signEverybodyIn(stage, narrator, { saml, oidc });
  const manual = await inviteSomebody(stage, narrator, { saml, oidc });
  narrator.chapter('Who holds which role, and why');
  const rows = await narrator.step('Every role is traced to where it came from', () =>
    overview(stage, [saml, oidc, manual]),
  );
  narrator.table([OVERVIEW_HEAD, ...rows]);
  await testRules(stage, narrator, saml);
  await cutOver(stage, narrator, { bakery: manual, guest: GUEST });
  await importPeople(stage, narrator);
  await letGo(stage, narrator, { saml, oidc, browsers });
  return { saml, oidc, manual, guest: GUEST };
}

interface Companies {
  readonly saml: Company;
  readonly oidc: Company;
}

interface Browsers {
  readonly saml: Browser;
  readonly oidc: Browser;
}

async function signEverybodyIn(
  stage: Stage,
  narrator: Narrator,
  { saml, oidc }: Companies,
): Promise<Browsers> {
  narrator.chapter('Employees sign in through their own identity provider');
  await narrator.step(`${saml.name} is connected through SAML`, () => connectSaml(stage, saml));
  await narrator.step(`${oidc.name} is connected through OpenID Connect`, () => connectOidc(stage, oidc));
  const signIn = (company: Company, group: string, notIn?: string) => {
    const person = company.inGroup(group, notIn);
    const title = `${person.displayName} (${group}) signs in to ${company.name}`;
    return narrator.step(title, () => signInEmployee(stage, company, person));
  };
  await signIn(saml, ADMINS);
  const leaverThere = await signIn(saml, LEAVERS, ADMINS);
  await signIn(oidc, ADMINS);
  const leaverHere = await signIn(oidc, LEAVERS, ADMINS);
  await narrator.step(`Somebody the directory of ${saml.name} does not know is refused`, () =>
    refuseStranger(stage, saml),
  );
  for (const company of [saml, oidc]) {
    const person = company.inGroup(ADMINS);
    const title = `${person.displayName} opens the example application and comes back with an ID token`;
    await narrator.step(title, () => enterApplication(stage, company, person));
  }
  return { saml: leaverThere, oidc: leaverHere };
}

async function inviteSomebody(
  stage: Stage,
  narrator: Narrator,
  { saml, oidc }: Companies,
): Promise<ManualOrganization> {
  narrator.chapter('Invitations');
  for (const company of [saml, oidc]) {
    await narrator.step(`An invitation to ${company.name} is refused: its directory decides`, () =>
      tryInvitation(stage, company),
    );
  }
  const manual = { name: 'Corner Bakery', slug: 'corner-bakery' };
  const team = await narrator.step(
    `“${manual.name}” is created, without any directory, with one team`,
    async () => {
      await stage.operator.create('/organizations', manual);
      const path = `/organizations/${manual.slug}/teams`;
      return { result: await stage.operator.create(path, { name: 'Counter' }) };
    },
  );
  const link = await narrator.step(`${GUEST.name} is invited to ${manual.name} by mail`, () =>
    inviteByMail(stage, { ...manual, team }, GUEST),
  );
  await narrator.step(`${GUEST.name} opens the link, chooses a name and a password, and is in`, () =>
    acceptInvitation(stage, link, GUEST),
  );
  await narrator.step('The same link a second time does nothing', () => acceptAgain(stage, link));
  return manual;
}

async function overview(
  { operator }: Stage,
  organizations: readonly { readonly name: string; readonly slug: string }[],
) {
  const rows: string[][] = [];
  for (const organization of organizations) rows.push(...(await overviewOf(operator, organization)));
  return { result: rows };
}

async function letGo(
  stage: Stage,
  narrator: Narrator,
  { saml, oidc, browsers }: Companies & { readonly browsers: Browsers },
): Promise<void> {
  narrator.chapter('Somebody leaves');
  const leavers = [
    { company: saml, browser: browsers.saml },
    { company: oidc, browser: browsers.oidc },
  ];
  for (const { company, browser } of leavers) {
    const person = company.inGroup(LEAVERS, ADMINS);
    const title = `${company.simulator.title} deactivates ${person.displayName}, who is signed in`;
    await narrator.step(title, () => deactivate(stage, company, { person, browser }));
  }
}
