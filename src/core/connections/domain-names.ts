/** Which texts name a domain, in which one form, and which domains nobody can claim. Pure. */
import { domainToASCII, domainToUnicode } from 'node:url';
import { GatehouseError } from '../../kernel/errors.ts';

const words = (text: string): ReadonlySet<string> => new Set(text.trim().split(/\s+/));

/** Mail for anybody: owning an address there proves nothing about a company. */
const PUBLIC_MAIL = words(`
  gmail.com googlemail.com outlook.com outlook.de outlook.fr outlook.es outlook.it outlook.jp outlook.in hotmail.com hotmail.co.uk
  hotmail.de hotmail.fr hotmail.it hotmail.es live.com live.co.uk live.de live.fr live.nl msn.com passport.com
  yahoo.com yahoo.co.uk yahoo.co.jp yahoo.co.in yahoo.de yahoo.fr yahoo.es yahoo.it yahoo.ca yahoo.com.br yahoo.com.au ymail.com
  rocketmail.com aol.com aim.com icloud.com me.com mac.com privaterelay.appleid.com proton.me protonmail.com protonmail.ch pm.me
  gmx.com gmx.de gmx.net gmx.at gmx.ch web.de freenet.de t-online.de mail.com email.com usa.com mail.ru inbox.ru list.ru bk.ru
  yandex.ru yandex.com ya.ru rambler.ru qq.com foxmail.com 163.com 126.com yeah.net sina.com sina.cn sohu.com 139.com naver.com
  daum.net hanmail.net zoho.com zohomail.com fastmail.com fastmail.fm hey.com tutanota.com tuta.io tuta.com posteo.de posteo.net
  mailbox.org startmail.com hushmail.com runbox.com disroot.org riseup.net duck.com mozmail.com simplelogin.com
  orange.fr wanadoo.fr free.fr laposte.net sfr.fr libero.it virgilio.it alice.it tin.it tiscali.it terra.com.br uol.com.br bol.com.br
  seznam.cz centrum.cz wp.pl onet.pl o2.pl interia.pl ukr.net abv.bg bluewin.ch telenet.be skynet.be ziggo.nl xs4all.nl
  comcast.net verizon.net att.net sbcglobal.net bellsouth.net cox.net charter.net earthlink.net rediffmail.com bigpond.com
  btinternet.com sky.com virginmedia.com ntlworld.com talktalk.net rogers.com shaw.ca sympatico.ca videotron.ca
  mailinator.com guerrillamail.com 10minutemail.com yopmail.com temp-mail.org trashmail.com sharklasers.com dispostable.com
  maildrop.cc getnada.com moakt.com emailondeck.com`);

/** Names under which other people get names of their own: one of these speaks for nobody in particular. */
const SHARED_SUFFIX = words(`
  github.io gitlab.io herokuapp.com netlify.app vercel.app pages.dev workers.dev web.app firebaseapp.com appspot.com run.app
  azurewebsites.net cloudapp.net onmicrosoft.com sharepoint.com blogspot.com wordpress.com amazonaws.com cloudfront.net fly.dev
  onrender.com ngrok.io ngrok.app repl.co glitch.me surge.sh myshopify.com duckdns.org no-ip.org dyndns.org
  or.jp ne.jp go.jp gr.jp ed.jp or.kr ne.kr go.kr re.kr or.at gv.at id.au asn.au me.uk or.id web.id firm.in ind.in gen.in
  co.com uk.com us.com de.com eu.com gb.net eu.org`);

/** Second-level names under which a country's registry sells: `co.uk` is nobody's own. The DNS proof stops the rest. */
const REGISTRY_SUFFIX = /^(?:ac|co|com|edu|gob|gouv|gov|ltd|mil|net|nhs|nom|org|plc|sch)\.[a-z]{2}$/;

/** `domainToASCII` reads like a URL parser: it cuts at some of these and decodes others, making one host of another. */
const NOT_IN_A_HOST = /[\s\p{Cc}%/\\?#:@[\]<>^|]/u;

/** A-label form of a host name, in lower case; the empty string when it is none. */
export const canonicalHost = (text: string): string =>
  NOT_IN_A_HOST.test(text.trim()) ? '' : domainToASCII(text.trim().toLowerCase());

/** The domain of an address in A-label form, or the empty string when the address has none, or could be read as two. */
export function domainOf(email: string): string {
  const at = email.indexOf('@');
  // Cut at the first @: what follows a second one then holds an @, which no host does.
  return at < 1 || /\s/.test(email) ? '' : canonicalHost(email.slice(at + 1));
}

/** Brings a domain into its one form. Throws `invalid` (field `domain`) for anything that is not a company's own domain name. */
export function canonicalDomain(text: string): string {
  const domain = canonicalHost(text);
  const shaped = /^(?=.{4,253}$)([a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]{0,61}[a-z0-9]$/.test(
    domain,
  );
  if (!shaped || !domain.split('.').every(isRealLabel))
    throw new GatehouseError('invalid', 'A domain looks like example.com.', { field: 'domain' });
  const whose = whyNobodys(domain);
  if (whose !== undefined)
    throw new GatehouseError('invalid', `${domain} is ${whose}; nobody can claim it.`, { field: 'domain' });
  return domain;
}

/** An A-label stands for exactly one U-label (RFC 5890 §2.3.2.1); what only looks like one could never be registered. */
function isRealLabel(label: string): boolean {
  if (!label.startsWith('xn--')) return true;
  const shown = domainToUnicode(label);
  return shown !== label && domainToASCII(shown) === label;
}

/** Why a domain is nobody's own; undefined when it may be somebody's (S153). */
function whyNobodys(domain: string): string | undefined {
  if (PUBLIC_MAIL.has(domain)) return 'a public mail service';
  return SHARED_SUFFIX.has(domain) || REGISTRY_SUFFIX.test(domain) ? 'shared by many companies' : undefined;
}
