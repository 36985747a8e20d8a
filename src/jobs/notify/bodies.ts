// How a notice is written for a webhook: as Slack and its likes take it, or as it is.
import { bounded } from '../../core/disclosure.js';
import { subjectOf } from './notice.js';
import type { Notice } from './shapes.js';

/** The registry: the words of REPORTCTL_WEBHOOK_FORMAT. */
export const BODIES: Readonly<Record<'slack' | 'json', (notice: Notice) => unknown>> = {
  slack: (notice) => ({ text: slackText(notice) }),
  json: (notice) => notice,
};

/** `*failed* vendas 2024-10-05: …` and below it where that was; well below the 4,000 characters that Slack recommends. */
function slackText(notice: Notice): string {
  const { event, message, hint, retryable, title, exitCode, run, host } = notice;
  const named = title === null ? '' : ` (${bounded(title).slice(0, 150)})`;
  const again = { true: 'Trying again can help.', false: 'Trying again will not help.', null: '' }[
    `${retryable}`
  ];
  const said = [message.replace(/\.?$/, '.'), hint ?? '', again].filter((part) => part !== '').join(' ');
  const where = [`on ${host}`, exitCode === null ? '' : `exit ${exitCode}`, `run ${run}`];
  return [
    `*${event}* ${escaped(`${subjectOf(notice)}${named}: ${said}`)}`,
    escaped(where.filter((part) => part !== '').join(', ')),
  ].join('\n');
}

/** The three characters that Slack's mrkdwn interprets: https://docs.slack.dev/messaging/formatting-message-text */
function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
