/** The address of a test sign-in: to the identity provider, without a session at the end. */
import type { RequestHandler } from 'express';
import { findOpenTest } from '../../core/connections/test-sign-ins.ts';
import { GatehouseError } from '../../kernel/errors.ts';
import type { HttpDeps } from '../deps.ts';
import { queryText } from '../form-body.ts';
import { startSignIn } from '../sign-in-start.ts';
import { plainHint } from './organization-sign-in.ts';
import { visitorOf } from './visitor.ts';

/**
 * `GET /sign-in/test/{token}[?login_hint=]`: 303 to the identity provider, also of a draft connection. Throws `not_found` for an address
 * that does not work any more, and in any browser but that of the owner who asked for the test.
 */
export const getTestSignIn =
  (deps: HttpDeps): RequestHandler =>
  async (req, res) => {
    const found = await findOpenTest(deps, String(req.params.token));
    const gone = new GatehouseError('not_found', 'This test sign-in does not work any more.');
    if (found === undefined) throw gone;
    const { test, connection } = found;
    if (test.membershipId !== null) {
      const visitor = await visitorOf(deps, req);
      if (visitor?.signedIn.membership.id !== test.membershipId) throw gone;
    }
    await startSignIn(deps, res, {
      ...{ connection, returnTo: null, loginHint: plainHint(queryText(req, 'login_hint')) },
      purpose: { kind: 'test', testSignInId: test.id },
    });
  };
