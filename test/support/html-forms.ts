/** Reads forms and links out of pages, enough for pages a browser could submit without script. */

export interface HtmlForm {
  readonly name: string;
  readonly action: string;
  readonly method: 'GET' | 'POST';
  /** Preset values of inputs, buttons with a name left out; later wins nothing: all are sent. */
  readonly fields: readonly (readonly [string, string])[];
}

/** All forms of a page, in order. */
export function readForms(html: string): readonly HtmlForm[] {
  return [...html.matchAll(/<form\b([^>]*)>([\s\S]*?)<\/form>/gi)].map(([, head = '', body = '']) => ({
    name: attribute(head, 'name') ?? attribute(head, 'id') ?? '',
    action: attribute(head, 'action') ?? '',
    method: (attribute(head, 'method') ?? 'get').toLowerCase() === 'post' ? 'POST' : 'GET',
    fields: readFields(body),
  }));
}

function readFields(body: string): readonly (readonly [string, string])[] {
  const inputs = [...body.matchAll(/<input\b([^>]*)>/gi)].flatMap(([, head = '']) => readInput(head));
  const areas = [...body.matchAll(/<textarea\b([^>]*)>([\s\S]*?)<\/textarea>/gi)].flatMap(
    ([, head = '', text = '']) => named(head, decodeEntities(text)),
  );
  const selects = [...body.matchAll(/<select\b([^>]*)>([\s\S]*?)<\/select>/gi)].flatMap(
    ([, head = '', options = '']) => named(head, selectedValue(options)),
  );
  return [...inputs, ...areas, ...selects];
}

function readInput(head: string): readonly (readonly [string, string])[] {
  const type = (attribute(head, 'type') ?? 'text').toLowerCase();
  if (type === 'submit' || type === 'button' || type === 'image' || type === 'reset') return [];
  const isTick = type === 'checkbox' || type === 'radio';
  if (isTick && !/\schecked\b/i.test(head)) return [];
  return named(head, attribute(head, 'value') ?? (isTick ? 'on' : ''));
}

function named(head: string, value: string): readonly (readonly [string, string])[] {
  const name = attribute(head, 'name');
  return name === undefined || /\sdisabled\b/i.test(head) ? [] : [[name, value]];
}

function selectedValue(options: string): string {
  const all = [...options.matchAll(/<option\b([^>]*)>([^<]*)/gi)];
  const chosen = all.find(([, head = '']) => /\sselected\b/i.test(head)) ?? all[0];
  return chosen === undefined
    ? ''
    : (attribute(chosen[1] ?? '', 'value') ?? decodeEntities(chosen[2] ?? '').trim());
}

function attribute(head: string, name: string): string | undefined {
  const match = new RegExp(`(?:^|\\s)${name}\\s*=\\s*(?:"([^"]*)"|'([^']*)'|([^\\s>]+))`, 'i').exec(head);
  const value = match?.[1] ?? match?.[2] ?? match?.[3];
  return value === undefined ? undefined : decodeEntities(value);
}

const ENTITIES: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };

function decodeEntities(text: string): string {
  return text.replace(
    /&(?:#x([0-9a-f]+)|#(\d+)|(\w+));/gi,
    (whole, hex?: string, decimal?: string, name?: string) => {
      if (hex !== undefined) return String.fromCodePoint(Number.parseInt(hex, 16));
      if (decimal !== undefined) return String.fromCodePoint(Number(decimal));
      return ENTITIES[name ?? ''] ?? whole;
    },
  );
}
