/** How the mails of an organization look, over the management API: the fields of `PATCH /organizations/{org}`, and the preview. */
import { z } from 'zod';
import { PREVIEWED_MAILS, previewMail } from '../../core/joining/branding-preview.ts';
import { changesSomething, lineOf, messageOf, NOTHING_TO_CHANGE } from './fields.ts';
import type { ApiRoute } from './route.ts';
import { organizationRoute } from './route.ts';

const httpsField = z
  .url({ protocol: /^https$/, hostname: z.regexes.domain, error: 'An https address.' })
  .max(500, 'At most 500 characters.')
  .refine((address) => !/[\s"'<>\\]/.test(address), 'An https address.');

/** What may be chosen; null: as Gatehouse has it. */
export const brandingField = z
  .strictObject({
    productName: lineOf(60).nullable().optional(),
    color: z
      .string()
      .regex(/^#[0-9a-fA-F]{6}$/, 'A color such as #1f4ed8.')
      .nullable()
      .optional(),
    logoUrl: httpsField
      .nullable()
      .optional()
      .describe(
        'Shown where people choose how to sign in, and for the product; mails and pages behind secret links load nothing from elsewhere.',
      ),
    supportContact: lineOf(200).nullable().optional(),
    welcomeText: messageOf(4000)
      .min(1, 'Must not be empty; null takes it away.')
      .nullable()
      .optional()
      .describe(
        'Plain text with variables: {name} of who has joined, {organization}, {role} and {team} by their names, {resources} they have a role on, {link} to sign in at, {support} (supportContact) and {product} (productName). Any other word in braces is refused.',
      ),
  })
  .refine(changesSomething, NOTHING_TO_CHANGE);

/** Which mails members get. */
export const notificationsField = z
  .strictObject({
    roleChanged: z.boolean().optional(),
    removed: z.boolean().optional(),
    welcome: z.boolean().optional(),
  })
  .refine(changesSomething, NOTHING_TO_CHANGE);

/** All routes of this resource. */
export const brandingRoutes: readonly ApiRoute[] = [
  organizationRoute({
    method: 'post',
    path: '/organizations/:org/branding/preview',
    operationId: 'previewBranding',
    summary: 'Shows a mail as it would be sent, with made-up people; `branding` tries what is not stored.',
    tag: 'organizations',
    guard: { kind: 'organization', permission: 'organization.update' },
    body: z.strictObject({ mail: z.enum(PREVIEWED_MAILS), branding: brandingField.optional() }),
    status: 200,
    response: z.object({ subject: z.string(), text: z.string(), html: z.string() }),
    errors: [],
    handle: async ({ deps, organization }, { body }) => {
      const { subject, text, html = '' } = await previewMail(deps, { organization, ...body });
      return { subject, text, html };
    },
  }),
];
