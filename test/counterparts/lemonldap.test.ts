/** A real OpenID Provider signs people in: LemonLDAP::NG, driven over HTTP as a browser would. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { textAt } from '../../scripts/simulate/answers.ts';
import { createBrowser } from '../support/browser.ts';
import { DOCTOR, type LemonLdap, prepareLemonLdap } from './lemonldap.ts';
import { type Place, startPlace } from './place.ts';

let place: Place;
let idp: LemonLdap;

beforeAll(async () => {
  place = await startPlace();
  idp = await prepareLemonLdap();
});

afterAll(async () => {
  await idp?.close();
  await place?.close();
});

describe('LemonLDAP::NG', () => {
  test('signs in a person whom the directory knows by the subject, and nobody else', async () => {
    const slug = 'tardis';
    const { operator } = place;
    await operator.create('/organizations', { name: 'Tardis', slug });
    const connection = await operator.expect(201, {
      method: 'POST',
      path: `/organizations/${slug}/connections`,
      body: {
        ...{ protocol: 'oidc', name: 'LemonLDAP::NG', issuer: idp.issuer },
        ...{ clientId: idp.clientId, clientSecret: idp.clientSecret },
      },
    });
    const program = await idp.start(textAt(connection, 'redirectUri'));
    await place.pushPerson(slug, {
      userName: DOCTOR.email,
      externalId: DOCTOR.userName,
      displayName: DOCTOR.name,
    });

    const browser = createBrowser();
    const question = await browser.follow(`${place.baseUrl}/sign-in/${slug}`);
    const page = await browser.submitForm(question, {
      values: { user: DOCTOR.userName, password: DOCTOR.password },
    });
    if (page.status !== 200) console.log(program.output());
    await place.expectArrival(slug, page);
    expect(await place.readSession(browser)).toMatchObject({
      user: { name: DOCTOR.name },
      organization: { slug },
      connectionId: textAt(connection, 'id'),
    });

    const stranger = createBrowser();
    const asked = await stranger.follow(`${place.baseUrl}/sign-in/${slug}`);
    const refused = await stranger.submitForm(asked, { values: { user: 'rtyler', password: 'rtyler' } });
    expect(refused.status).toBe(403);
    expect(await place.readSession(stranger)).toMatchObject({ code: 'unauthenticated' });
  });
});
