/** What the management API answers about applications and signing keys, and how it is made. */
import { z } from 'zod';
import type { MadeApplication } from '../../core/applications/applications.ts';
import type { Application, ApplicationSecret } from '../../core/entities/application.ts';
import { AUTH_METHODS, ID_TOKEN_ALGORITHMS } from '../../core/entities/application.ts';
import { isoTime, isoTimeOrNull } from './present.ts';
import { timeShape } from './shapes.ts';

const secretShape = z.object({
  id: z.string(),
  createdAt: timeShape,
  expiresAt: timeShape.nullable().describe('When it stops working because a newer one replaced it.'),
});

export const applicationShape = z.object({
  clientId: z.string(),
  name: z.string(),
  redirectUris: z.array(z.string()),
  postLogoutRedirectUris: z.array(z.string()),
  backchannelLogoutUri: z.string().nullable(),
  organizations: z
    .array(z.string())
    .nullable()
    .describe('Ids of the only organizations whose people may sign in; null: all.'),
  authMethod: z.enum(AUTH_METHODS),
  jwks: z.object({ keys: z.array(z.looseObject({ kty: z.string() })) }),
  idTokenAlgorithm: z.enum(ID_TOKEN_ALGORITHMS),
  secrets: z.array(secretShape),
  createdAt: timeShape,
  updatedAt: timeShape,
});

export const createdApplicationShape = applicationShape.extend({
  clientSecret: z
    .string()
    .nullable()
    .describe('The only time it is shown; null for applications that use none.'),
});

export const createdSecretShape = secretShape.extend({
  clientSecret: z.string().describe('The only time it is shown.'),
});

const presentSecret = ({ id, createdAt, expiresAt }: ApplicationSecret): z.infer<typeof secretShape> => ({
  id,
  createdAt: isoTime(createdAt),
  expiresAt: isoTimeOrNull(expiresAt),
});

export const presentApplication = (application: Application): z.infer<typeof applicationShape> => ({
  clientId: application.id,
  name: application.name,
  redirectUris: [...application.redirectUris],
  postLogoutRedirectUris: [...application.postLogoutRedirectUris],
  backchannelLogoutUri: application.backchannelLogoutUri,
  organizations: application.organizationIds === null ? null : [...application.organizationIds],
  authMethod: application.authMethod,
  jwks: { keys: application.jwks.map((jwk) => ({ ...jwk })) },
  idTokenAlgorithm: application.idTokenAlgorithm,
  secrets: application.secrets.map(presentSecret),
  createdAt: isoTime(application.createdAt),
  updatedAt: isoTime(application.updatedAt),
});

export const presentMadeApplication = ({
  application,
  secret,
}: MadeApplication): z.infer<typeof createdApplicationShape> => ({
  ...presentApplication(application),
  clientSecret: secret,
});

export const presentMadeSecret = (
  row: ApplicationSecret,
  clientSecret: string,
): z.infer<typeof createdSecretShape> => ({ ...presentSecret(row), clientSecret });
