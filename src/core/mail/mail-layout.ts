/** How every mail is laid out: said once in blocks, rendered as plain text and as HTML that loads nothing from anywhere. */
import { escapeMarkup } from '../../kernel/text.ts';
import type { Branding } from '../entities/organization.ts';
import type { Mail } from '../ports/mailer.ts';

/** What a mail is made of. */
export type MailBlock =
  /** One paragraph, line by line. */
  | { readonly kind: 'text'; readonly lines: readonly string[] }
  /** Where to go; `url` starts with our own address. */
  | { readonly kind: 'link'; readonly label: string; readonly button: string; readonly url: string }
  /** What somebody wrote. */
  | { readonly kind: 'quote'; readonly lines: readonly string[] }
  | { readonly kind: 'facts'; readonly facts: readonly (readonly [name: string, value: string])[] };

/** A mail before anybody is named as its recipient. */
export interface MailContent {
  readonly subject: string;
  readonly blocks: readonly MailBlock[];
}

/**
 * One line without control characters: safe in a subject, and no way to add lines of one's own (S204). What would be read as
 * an encoded word (RFC 2047 §2) is one no more: plain text passes through headers as it is, and readers decode it.
 */
const oneLine = (text: string): string =>
  text
    .replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]+/gu, ' ')
    .replaceAll('=?', '= ?')
    .trim();

/** A dot inside a word that more letters follow, in any of the forms that browsers take for one: a bare domain to mail programs. */
const DOT_OF_A_DOMAIN = /(?<=[\p{L}\p{N}])[.\u3002\uff0e\uff61](?=\p{L}{2,}|xn--)/giu;
const IS_ADDRESS = /^[^\s@/:]+@[^\s@/:]+$/u;

/** Text whose every dot counts, such as the name of a DNS record: only for people who administer what it is about. */
interface Exact {
  readonly exact: string;
}
type Value = string | Exact;
/** Keeps domains in this text as they are. */
export const exact = (words: string): Exact => ({ exact: words });

const withoutUrls = (text: string): string => text.replace(/:\/\//g, ': //').replace(/\bwww\./gi, 'www .');

/**
 * Whatever people typed is broken up so that mail programs do not make links of it, not of bare domains either (S174). An
 * e-mail address stays one: it says whom to ask, and leads to no page.
 */
const withoutLinks = (text: string): string =>
  text.replace(/\S+/gu, (word) =>
    IS_ADDRESS.test(word) ? word : withoutUrls(word).replace(DOT_OF_A_DOMAIN, (dot) => `${dot} `),
  );

/** What somebody typed, as one harmless line. */
const plain = (value: Value): string =>
  typeof value === 'string' ? withoutLinks(oneLine(value)) : withoutUrls(oneLine(value.exact));

/** In the name of the sender no address either: it would be read as the one the mail comes from. */
const senderName = (text: string): string =>
  withoutLinks(
    oneLine(text)
      .replace(/[@\uff20]/g, ' at ')
      .trim(),
  );

/** What somebody typed, line by line. */
const plainLines = (text: string): readonly string[] => withoutLinks(text).split('\n').map(oneLine);

/** A line of ours around values of theirs: each value is made harmless as it is put in. */
export function line(parts: TemplateStringsArray, ...values: readonly Value[]): string {
  return parts
    .map((part, index) => (index === 0 ? part : `${plain(values[index - 1] ?? '')}${part}`))
    .join('');
}

/** Lines of one paragraph; values of theirs go in by `line`. */
export const text = (...lines: readonly string[]): MailBlock => ({ kind: 'text', lines });
/** What somebody typed, told from our own words and made harmless. */
export const quote = (words: string): MailBlock => ({ kind: 'quote', lines: plainLines(words) });
/** An address of ours below `label`: a button in HTML, written out in plain text. */
export const link = (label: string, button: string, url: string): MailBlock => ({
  kind: 'link',
  label,
  button,
  url,
});
/** Names of ours with values of theirs, which are made harmless. */
export const facts = (...given: readonly (readonly [name: string, value: Value])[]): MailBlock => ({
  kind: 'facts',
  facts: given.map(([name, value]) => [name, plain(value)]),
});

/** Stands where an address of ours goes until everything else is harmless. */
const OUR_ADDRESS = '\ue000';

/** Paragraphs that an organization wrote, parted by empty lines. `write` is given what to put where `url` belongs. */
export const paragraphs = (url: string, write: (ourAddress: string) => string): readonly MailBlock[] =>
  write(OUR_ADDRESS)
    .split(/\n{2,}/)
    .map((one) => text(...plainLines(one).map((words) => words.replaceAll(OUR_ADDRESS, url))));

type Look = Pick<Branding, 'productName' | 'color' | 'supportContact'>;

const OURS: Look = { productName: null, color: null, supportContact: null };

/** The mail in both its forms. Without a look it is Gatehouse's own. */
export function layOut(to: string, content: MailContent, look: Look = OURS): Mail {
  const { productName, supportContact } = look;
  const closing = supportContact === null ? [] : [text(line`Questions? Ask ${supportContact}.`)];
  const blocks = [...content.blocks, ...closing];
  const subject = oneLine(content.subject);
  return {
    to,
    subject,
    text: `${blocks.map(textOf).join('\n\n')}\n`,
    html: htmlOf(subject, blocks, look),
    ...(productName === null ? {} : { fromName: `${senderName(productName)} via Gatehouse` }),
  };
}

function textOf(block: MailBlock): string {
  switch (block.kind) {
    case 'text':
      return block.lines.join('\n');
    case 'link':
      return `${block.label}\n${block.url}`;
    case 'quote':
      return block.lines.map((one) => `> ${one}`).join('\n');
    case 'facts':
      return factLines(block.facts);
  }
}

/** The values below each other. */
function factLines(given: readonly (readonly [name: string, value: string])[]): string {
  const width = Math.max(...given.map(([name]) => name.length)) + 1;
  return given.map(([name, value]) => `  ${`${name}:`.padEnd(width)} ${value}`).join('\n');
}

const COLOR = /^#[0-9a-f]{6}$/i;
const USUAL_COLOR = '#1f4ed8';
const FONT = 'font:16px/1.5 -apple-system,Segoe UI,Roboto,Helvetica,Arial,sans-serif';

/** Black or white, whichever is read more easily on this color (WCAG 2.2 relative luminance, roughly). */
function inkOn(color: string): string {
  const [red = 0, green = 0, blue = 0] = [1, 3, 5].map((at) => Number.parseInt(color.slice(at, at + 2), 16));
  return red * 0.299 + green * 0.587 + blue * 0.114 > 150 ? '#111111' : '#ffffff';
}

function htmlOf(subject: string, blocks: readonly MailBlock[], look: Look): string {
  const color = look.color !== null && COLOR.test(look.color) ? look.color : USUAL_COLOR;
  const heading = escapeMarkup(look.productName === null ? 'Gatehouse' : plain(look.productName));
  return [
    '<!doctype html>',
    '<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">',
    `<title>${escapeMarkup(subject)}</title></head>`,
    '<body style="margin:0;padding:24px 12px;background:#f4f4f5">',
    `<div style="max-width:560px;margin:0 auto;padding:24px 28px;background:#ffffff;color:#18181b;border-top:4px solid ${color};${FONT}">`,
    `<p style="margin:0 0 20px;font-weight:600">${heading}</p>`,
    ...blocks.map((block) => blockHtml(block, color)),
    '</div></body></html>',
    '',
  ].join('\n');
}

const lines = (given: readonly string[]): string => given.map(escapeMarkup).join('<br>\n');

function blockHtml(block: MailBlock, color: string): string {
  switch (block.kind) {
    case 'text':
      return `<p style="margin:0 0 16px">${lines(block.lines)}</p>`;
    case 'link': {
      const url = escapeMarkup(block.url);
      const button = `display:inline-block;padding:10px 18px;border-radius:6px;background:${color};color:${inkOn(color)};text-decoration:none`;
      return [
        `<p style="margin:0 0 8px">${escapeMarkup(block.label)}</p>`,
        `<p style="margin:0 0 8px"><a href="${url}" style="${button}">${escapeMarkup(block.button)}</a></p>`,
        `<p style="margin:0 0 16px;font-size:13px;color:#52525b;word-break:break-all">${url}</p>`,
      ].join('\n');
    }
    case 'quote':
      return `<blockquote style="margin:0 0 16px;padding:4px 14px;border-left:3px solid #d4d4d8">${lines(block.lines)}</blockquote>`;
    case 'facts':
      return `<table role="presentation" style="margin:0 0 16px;border-spacing:0">${block.facts.map(factHtml).join('')}</table>`;
  }
}

const factHtml = ([name, value]: readonly [string, string]): string =>
  `<tr><td style="padding:2px 14px 2px 0;vertical-align:top;color:#52525b">${escapeMarkup(name)}</td><td style="word-break:break-all">${escapeMarkup(value)}</td></tr>`;
