// The story of a call: placed how, rung where, why.
import { $, api, h } from './page.js';
import { clock, countryName, languageName, moment, queueName, seconds, t } from './words.js';

const fact = (word, value) => value ? h('div', {}, h('dt', {}, t(word)), h('dd', {}, value)) : null;

export const placeText = (call) => {
  const where = countryName(call.country) || (call.lat == null ? t('unknown_place') : `${call.lat.toFixed(2)}, ${call.lon.toFixed(2)}`);
  return call.placed_by === 'unknown' ? where : `${where} (${t(call.placed_by)})`;
};

function draw(dialog, call) {
  const until = call.connected_ms || call.ended_ms || Date.now();
  const state = call.state === 'ended' && call.reason ? `${t('ended')}: ${t(call.reason)}` : t(call.state);
  dialog.replaceChildren(
    h('h2', {}, h('span', {}, call.from || t('withheld')),
      h('button.quiet', { type: 'button', onclick: () => dialog.close(), autofocus: true }, t('close'))),
    h('p.id', {}, call.call),
    h('dl', {},
      fact('state', state), fact('caller', placeText(call)), fact('queue', queueName(call.queue)), fact('dialled', call.dialled),
      fact('speaks', call.languages.map(languageName).join(', ')), fact('waited', seconds(until - call.queued_ms)),
      fact('agent', call.agent && `${call.agent}${call.site ? `, ${call.site}` : ''}`),
      fact('disposition', call.disposition), fact('owner', `${call.owner}${call.copies ? `, ${call.copies} ${t('copies')}` : ''}`),
      fact('reason', call.detail), fact('answered', call.connected_ms ? moment(call.connected_ms) : '')),
    h('div.scroll', {}, h('table', {}, h('caption', {}, call.offers.length ? t('offered_to') : t('no_offers')),
      h('tbody', {}, call.offers.map((offer) => h('tr', {},
        h('td', {}, clock(offer.at_ms)), h('td', {}, offer.agent), h('td', {}, offer.site),
        h('td.num', {}, `${offer.km.toLocaleString()} ${t('km')}`), h('td.num', {}, `${offer.rank} / ${offer.eligible}`),
        h(`td.${offer.outcome === 'accepted' ? 'good' : 'other'}`, {}, `${t(offer.outcome)}${offer.detail ? `: ${offer.detail}` : ''}`)))))));
}

export async function explain(id) {
  const dialog = $('explain');
  dialog.setAttribute('aria-label', t('story'));
  try {
    draw(dialog, await api('GET', `/v1/calls/${encodeURIComponent(id)}/explain`));
  } catch (problem) {
    dialog.replaceChildren(h('p', {}, problem.message), h('button', { type: 'button', onclick: () => dialog.close() }, t('close')));
  }
  if (!dialog.open) dialog.showModal();
}
