/** A text as a QR code, drawn as one SVG path: no script, no image to load. */
import { encode } from 'uqr';
import { type Html, html } from './html.ts';

/** The drawing; `title` is what screen readers say. Light modules are painted, so that it scans on a dark page too. */
export function qrCode(text: string, title: string): Html {
  const { data, size } = encode(text, { border: 4, ecc: 'M' });
  const squares = data.flatMap((row, y) =>
    row.flatMap((isDark, x) => (isDark ? [`M${x} ${y}h1v1h-1z`] : [])),
  );
  return html`<svg class="qr" viewBox="0 0 ${size} ${size}" role="img" aria-label="${title}" shape-rendering="crispEdges">
<rect width="${size}" height="${size}" fill="#ffffff"/>
<path d="${squares.join('')}" fill="#000000"/>
</svg>`;
}
