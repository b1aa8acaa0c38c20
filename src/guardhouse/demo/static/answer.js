// Show one answer: its status, and on a refusal the code, the hint, the evidence and the trace.
import { element } from './dom.js';

const SIGNS = { allow: 'allows', deny: 'denies', abstain: 'is silent', pass: 'passes' };

export const is_refusal = (answer) => answer.problem !== null;

export function pill(answer) {
  const kind = answer.status === 0 ? 'lost' : answer.status < 400 ? 'good' : answer.status < 500 ? 'bad' : 'lost';
  return element('span', { className: `pill ${kind}` }, answer.status === 0 ? 'no answer' : String(answer.status));
}

export function headline(answer) {
  if (!is_refusal(answer)) return element('span', { className: 'said' }, summary(answer));
  return element('span', { className: 'said' },
    element('code', { className: 'reason' }, answer.problem.code ?? String(answer.problem.status)),
    ' ', answer.problem.title ?? '');
}

// What to mend: every cause in its order, where the request reveals more than the code says; otherwise the one hint.
export function advice(answer) {
  const { code, hint, causes } = answer.problem ?? {};
  if (!hint) return null;
  const told = causes ?? [{ code, hint }];
  const names = told.some((cause) => cause.code !== code);
  return element('div', { className: 'hint' }, ...told.map((cause) =>
    element('p', {}, ...(names ? [element('code', {}, cause.code), ' '] : []), cause.hint)));
}

export function explanation(answer, shown = { hint: true }) {
  const { evidence, trace, stack } = answer.problem;
  return element('div', { className: 'explanation' },
    shown.hint ? advice(answer) : null,
    evidence && Object.keys(evidence).length ? facts(evidence) : null,
    trace && trace.length ? tree(stack, trace) : null);
}

function summary(answer) {
  if (answer.status === 0) return answer.body;
  if (answer.body === '' || answer.body === null || answer.body === undefined) return 'no content';
  return typeof answer.body === 'string' ? answer.body.slice(0, 200) : JSON.stringify(answer.body);
}

function facts(evidence) {
  const rows = Object.entries(evidence).flatMap(([name, value]) => [
    element('dt', {}, name.replaceAll('_', ' ')),
    element('dd', {}, typeof value === 'string' ? value : JSON.stringify(value)),
  ]);
  return element('dl', { className: 'facts' }, ...rows);
}

function tree(stack, trace) {
  const lines = trace.map((line) => element('li', { className: line.verdict },
    element('b', {}, line.by), ' ',
    element('span', { className: 'verdict' }, SIGNS[line.verdict] ?? line.verdict), ' ', element('code', {}, line.code),
    element('span', { className: 'says' }, line.says ?? ''),
    line.evidence && Object.keys(line.evidence).length ? facts(line.evidence) : null));
  return element('div', { className: 'trace' },
    element('p', { className: 'stack' }, stack ? `stack ${stack}` : 'trace'),
    element('ol', {}, ...lines));
}
