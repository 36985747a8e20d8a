// Turns errors of the file system into a ReportError with a hint.
import { constants } from 'node:os';
import { messageOf, ReportError } from '../../core/errors.js';
import type { Access } from '../access.js';

const FREE_SPACE = 'Free some space, or choose another folder.';
const CHOOSE_NAME = 'Choose another name.';
const SEE_WHAT_IS_THERE = 'See what is there, and who removes it.';

interface Explanation {
  readonly wrong: string;
  readonly hint: string;
  /** In place of `hint`, where files are only read. */
  readonly readHint?: string;
  readonly retryable: boolean;
}

const permissionDenied: Explanation = {
  wrong: 'permission is denied',
  hint: 'Choose another folder, or change its permissions.',
  readHint: 'Give the user that runs this the right to read it.',
  retryable: false,
};

/** By Node's code. */
export const EXPLANATIONS: Readonly<Record<string, Explanation>> = {
  ENOSPC: { wrong: 'the disk is full', hint: FREE_SPACE, retryable: true },
  EDQUOT: { wrong: 'the disk quota is used up', hint: FREE_SPACE, retryable: true },
  EFBIG: { wrong: 'the file is too large for this file system', hint: FREE_SPACE, retryable: false },
  EACCES: permissionDenied,
  EPERM: permissionDenied,
  EROFS: { wrong: 'the file system is read-only', hint: permissionDenied.hint, retryable: false },
  ENOENT: { wrong: 'it is not there', hint: SEE_WHAT_IS_THERE, retryable: false },
  EISDIR: { wrong: 'it is a folder', hint: CHOOSE_NAME, retryable: false },
  ENOTDIR: { wrong: 'a part of the path is a file', hint: CHOOSE_NAME, retryable: false },
  EEXIST: { wrong: 'a part of the path is a file', hint: CHOOSE_NAME, retryable: false },
  ENAMETOOLONG: { wrong: 'the name is too long', hint: CHOOSE_NAME, retryable: false },
  ELOOP: { wrong: 'it is a link that leads back to itself', hint: CHOOSE_NAME, retryable: false },
  EPIPE: { wrong: 'its reader has closed it', hint: 'See what reads it.', retryable: false },
  ECONNREFUSED: { wrong: 'nothing listens there', hint: 'See what should listen.', retryable: false },
  EBADF: { wrong: 'it is not open for writing', hint: 'Open it in the shell: 3> FILE.', retryable: false },
  ENXIO: { wrong: 'nothing is behind it', hint: CHOOSE_NAME, retryable: false },
  EMFILE: { wrong: 'too many files are open', hint: 'Raise the limit (ulimit -n).', retryable: true },
  ESTALE: {
    wrong: 'the server of the network file system no longer knows the file',
    hint: 'See whether the server restarted, or the share was mounted anew.',
    retryable: true,
  },
  EIO: { wrong: 'the disk failed', hint: 'See the log of the system.', retryable: true },
};

/**
 * @param doing what we were doing, to complete "could not …"
 * @param access `read` where files are only read, which changes some hints
 * @returns a ReportError `destination`; a ReportError as it is
 */
export function explain(doing: string, error: unknown, access: Access = 'write'): ReportError {
  if (error instanceof ReportError) return error;
  const code = codeOf(error);
  const known = EXPLANATIONS[code];
  const reason = known ? `${known.wrong} (${code})` : messageOf(error);
  const hint = access === 'read' ? (known?.readHint ?? known?.hint) : known?.hint;
  return new ReportError('destination', `could not ${doing}: ${reason}`, {
    reason,
    cause: error,
    retryable: known?.retryable ?? false,
    ...(hint !== undefined && { hint }),
  });
}

/** Errors of the system that Node calls "Unknown system error -122", by that number. */
const WITHOUT_NAME = new Map(
  (['EDQUOT', 'ESTALE'] as const).map((name) => [-(constants.errno[name] ?? 0), name]),
);

/** The system's name of an error such as `ENOSPC`, or the empty text. */
export function codeOf(error: unknown): string {
  const { code = '', errno = 0 } = (error as NodeJS.ErrnoException | undefined) ?? {};
  return WITHOUT_NAME.get(errno) ?? code;
}
