// Whether a file that a user names for a result may be written: it replaces nothing unasked, and never a published file.
import { ReportError } from '../core/errors.js';
import { alreadyExists } from '../core/existing-file.js';
import type { Session } from '../core/session.js';
import { locationOf } from '../core/store.js';
import { ifAllowed } from '../destinations/access.js';
import { type FilePlace, splitAddress } from '../destinations/address.js';
import { type OpenDestination, withDestinations } from '../destinations/for-session.js';
import { type Listing, Listings } from './listing.js';
import { restateCommand } from './restate-command.js';

export interface AdHocOutput extends FilePlace {
  /** The verb, for messages. */
  readonly command: string;
  readonly existing: 'never' | 'replace';
  /** The file that a link at the path leads to. */
  readonly target?: string | undefined;
}

/**
 * Looks at what is there now. A file that somebody writes later is met when publishing.
 * @throws ReportError `destination` for a file that a run published or is about to, even if it is gone, and for one that is there
 * and is not to be replaced
 */
export function assertMayWrite(
  session: Pick<Session, 'config' | 'signal'>,
  output: AdHocOutput,
): Promise<void> {
  return withDestinations(session, async (open) => {
    const listings = new Listings(open, session.config);
    const target = output.target === undefined ? undefined : splitAddress(output.target);
    for (const place of [output, target]) {
      const listing = place && (await listings.find(place));
      if (listing !== undefined) throw await published(session, output, listing, open);
    }
    if (output.existing === 'never') await assertFree(open, output);
  });
}

async function published(
  { config }: Pick<Session, 'config'>,
  { command, root, key }: AdHocOutput,
  { report, lastDay, recordKey, isPublished }: Listing,
  open: OpenDestination,
): Promise<ReportError> {
  const location = locationOf(await open(root), key);
  const restate = await restateCommand(config, report, lastDay);
  const whose = `of report "${report}" for ${lastDay} (${recordKey})`;
  const what = isPublished ? `is the published file ${whose}` : `is a file that a run publishes, ${whose}`;
  return new ReportError('destination', `${command}: ${location} ${what}`, {
    hint: `Choose another name. To publish the period again: ${restate}.`,
    retryable: false,
  });
}

async function assertFree(open: OpenDestination, { root, key }: FilePlace): Promise<void> {
  const destination = await open(root);
  // Who may write only is not told whether a key is free: then the condition of the write decides.
  if ((await ifAllowed(destination.stat(key))) !== undefined)
    throw alreadyExists(locationOf(destination, key), undefined);
}
