/** What a directory pushes, straight through core: people and a group, for tests of what the management API makes of them. */

import { createDirectoryGroup } from '../../../src/core/directory-groups.ts';
import { provisionUser } from '../../../src/core/directory-users.ts';
import type { Organization } from '../../../src/core/entities/organization.ts';
import { nextText } from '../../support/builders.ts';
import { type TestGateway, testCause } from '../../support/gateway.ts';

/** An Okta directory with one group of `count` people. */
export async function pushGroup(
  gateway: TestGateway,
  organization: Organization,
  { name = 'Engineering', count = 2 } = {},
) {
  const { directory } = await gateway.createDirectory(organization, 'okta');
  const place = { organizationId: organization.id, directoryId: directory.id, cause: testCause };
  const users = [];
  for (let index = 0; index < count; index += 1) {
    const userName = `${nextText('ada')}@example.com`;
    const user = {
      userName,
      externalId: null,
      isActive: true,
      displayName: null,
      emails: [userName],
      primaryEmail: userName,
      personName: 'Ada Pushed',
      attributes: {},
    };
    // Ids sort by age only when their times differ.
    gateway.clock.advance(1);
    users.push(await provisionUser(gateway.deps, { ...place, directory, user }));
  }
  const group = await createDirectoryGroup(gateway.deps, {
    ...place,
    group: { displayName: name, externalId: null, attributes: {} },
    memberIds: users.map(({ id }) => id),
  });
  return { directory, group, users };
}
