// Build elements from values; text stays text, so nothing a server says can become markup.

export function element(name, properties = {}, ...children) {
  const { className = '', ...attributes } = properties;
  const made = document.createElement(name);
  if (className) made.className = className;
  for (const [key, value] of Object.entries(attributes)) {
    if (value !== undefined && value !== false) made.setAttribute(key, value === true ? '' : String(value));
  }
  made.append(...children.filter((child) => child !== null && child !== undefined));
  return made;
}

export const find = (selector, root = document) => root.querySelector(selector);

const WORDS = /(#.*|\/\/.*)|('[^']*'|"[^"]*")|\b(await|const|async|def|from|import|return|function|None|True|False)\b/g;
const KINDS = ['comment', 'string', 'keyword'];

// A line that begins with "!" is the developer's mistake and is marked as such.
export function code(source) {
  const lines = source.split('\n').map((line) => {
    const wrong = line.startsWith('!');
    return element('span', { className: wrong ? 'line wrong' : 'line' }, ...coloured(wrong ? line.slice(1) : line));
  });
  return element('code', {}, ...lines);
}

function coloured(line) {
  const parts = [];
  let from = 0;
  for (const match of line.matchAll(WORDS)) {
    parts.push(line.slice(from, match.index));
    const kind = KINDS[match.slice(1).findIndex((group) => group !== undefined)];
    parts.push(element('span', { className: `is-${kind}` }, match[0]));
    from = match.index + match[0].length;
  }
  return [...parts, line.slice(from), '\n'];
}
