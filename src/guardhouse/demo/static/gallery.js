// Show the mistakes that the server knows, and make each of them on request.
import { code, element, find } from './dom.js';
import { advice, explanation, headline, is_refusal, pill } from './answer.js';
import { from_axios, recorded_fetch } from './journal.js';

const other_origin = find('meta[name="other-origin"]').content;

export async function hang_gallery() {
  const { groups } = await (await fetch('/broken')).json();
  find('#gallery').replaceChildren(...groups.flatMap((group) => [
    element('h3', { className: 'group' }, group.title),
    ...group.cases.map(card),
  ]));
}

function card(mistake) {
  const result = element('div', { className: 'result', 'aria-live': 'polite' });
  const button = element('button', { type: 'button', 'aria-label': `Try it: ${mistake.title}` }, 'Try it');
  button.addEventListener('click', () => busy(button, () => attempt(mistake, result)));
  return element('article', { className: 'card', id: `broken-${mistake.slug}` },
    element('h4', {}, mistake.title),
    element('p', {}, mistake.says),
    element('pre', { tabindex: 0, 'aria-label': 'the code' }, code(mistake.code)),
    element('div', { className: 'actions' }, button,
      element('span', { className: 'promise' }, 'expects ', element('code', {}, mistake.reason))),
    result);
}

export async function busy(button, work) {
  button.disabled = true;
  try { await work(); } finally { button.disabled = false; }
}

async function attempt(mistake, result) {
  if (!other_origin && mistake.steps.some((step) => step.other_host)) {
    return result.replaceChildren(element('p', { className: 'surprise' },
      'This one needs the page on http://127.0.0.1 or http://localhost: it calls the other name of the same machine.'));
  }
  const steps = element('ol', { className: 'steps' });
  result.replaceChildren(steps);
  let token; // what a page that was opened on the way was rendered with
  for (const step of mistake.steps) {
    const line = element('li', { className: 'doing' }, step.says);
    steps.append(line);
    const answer = await perform(step, token ? { 'X-CSRF-TOKEN': token } : {});
    token = answer?.body?.csrf_token ?? token;
    line.className = '';
    if (answer) line.append(' ', pill(answer));
    if (answer && (is_refusal(answer) || answer.status === 0)) return result.append(verdict(answer, mistake));
  }
  return result.append(element('p', { className: 'surprise' }, 'No refusal came. This case did not fail as it should.'));
}

function verdict(answer, mistake) {
  const as_told = answer.problem?.code === mistake.reason;
  return element('div', { className: as_told ? 'verdict-box' : 'verdict-box surprise' },
    pill(answer), ' ', headline(answer),
    advice(answer),
    is_refusal(answer) ? element('details', { className: 'more' },
      element('summary', {}, 'Evidence and trace'), explanation(answer, { hint: false })) : null);
}

async function perform(step, rendered) {
  if (step.wait) { await new Promise((done) => { setTimeout(done, step.wait); }); return null; }
  const url = (step.other_host ? other_origin : '') + step.path;
  const headers = { ...rendered, ...step.headers };
  if (step.client === 'fetch') {
    return recorded_fetch(url, { method: step.method, headers, credentials: step.credentials });
  }
  // The token that this page was rendered with, and its cookie, are those of the demo and no business of the mistake.
  const own = { xsrfCookieName: '', headers: { 'X-CSRF-TOKEN': null, ...headers } };
  const config = { ...own, method: step.method, url, withCredentials: step.credentials === 'include' };
  try {
    const response = await axios.request(config);
    return from_axios(response.config, response);
  } catch (error) {
    if (!axios.isAxiosError(error)) throw error;
    return from_axios(error.config, error.response);
  }
}
