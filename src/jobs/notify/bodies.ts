// The body of a webhook request for a notice: Slack's format, or the notice itself as JSON.
import type { WebhookFormat } from '../../core/config.js';
import { bounded } from '../../core/disclosure.js';
import { namesOf, subjectOf } from './notice.js';
import type { Notice } from './shapes.js';

/** The registry of formats; its keys are the values of REPORTCTL_WEBHOOK_FORMAT. */
export const BODIES: Readonly<Record<WebhookFormat, (notice: Notice) => unknown>> = {
  slack: (notice) => ({ text: slackText(notice) }),
  json: (notice) => notice,
};

/** Of the others with the same cause. */
const MAX_SHOWN = 20;

/** `*failed* vendas 2024-10-05: …` and a line with host, exit code and run. Stays below the 4,000 characters that Slack recommends. */
function slackText(notice: Notice): string {
  const { event, message, hint, retryable, title, exitCode, run, host } = notice;
  const shownTitle = title === null ? '' : ` (${bounded(title).slice(0, 150)})`;
  const retryAdvice = { true: 'Trying again can help.', false: 'Trying again will not help.', null: '' }[
    `${retryable}`
  ];
  const sentences = [message.replace(/\.?$/, '.'), hint ?? '', retryAdvice].filter((part) => part !== '');
  const where = [`on ${host}`, exitCode === null ? '' : `exit ${exitCode}`, `run ${run}`];
  const shown = notice.also.slice(0, MAX_SHOWN).map(subjectOf);
  const left = notice.count - 1 - shown.length;
  const others = [...shown, ...(left > 0 ? [`and ${left} more`] : [])].join(', ');
  return [
    `*${event}* ${escapeMrkdwn(`${namesOf(notice)}${shownTitle}: ${sentences.join(' ')}`)}`,
    ...(others === '' ? [] : [escapeMrkdwn(bounded(`also ${others}`))]),
    escapeMrkdwn(where.filter((part) => part !== '').join(', ')),
  ].join('\n');
}

/** The three characters that Slack's mrkdwn interprets: https://docs.slack.dev/messaging/formatting-message-text */
function escapeMrkdwn(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
