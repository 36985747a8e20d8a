// Turns what the file system answers into one line that says what to do.
import { messageOf, ReportError } from '../../core/errors.js';

const FREE_SPACE = 'Free some space, or choose another folder.';
const CHOOSE_FOLDER = 'Choose another folder, or change its permissions.';
const CHOOSE_NAME = 'Choose another name.';
const SEE_WHAT_IS_THERE = 'See what is there, and who removes it.';

const EXPLANATIONS: Readonly<Record<string, { wrong: string; hint: string; retryable: boolean }>> = {
  ENOSPC: { wrong: 'the disk is full', hint: FREE_SPACE, retryable: true },
  EDQUOT: { wrong: 'the disk quota is used up', hint: FREE_SPACE, retryable: true },
  EFBIG: { wrong: 'the file is too large for this file system', hint: FREE_SPACE, retryable: false },
  EACCES: { wrong: 'permission is denied', hint: CHOOSE_FOLDER, retryable: false },
  EPERM: { wrong: 'permission is denied', hint: CHOOSE_FOLDER, retryable: false },
  EROFS: { wrong: 'the file system is read-only', hint: CHOOSE_FOLDER, retryable: false },
  ENOENT: { wrong: 'it is not there', hint: SEE_WHAT_IS_THERE, retryable: false },
  EISDIR: { wrong: 'it is a folder', hint: CHOOSE_NAME, retryable: false },
  ENOTDIR: { wrong: 'a part of the path is a file', hint: CHOOSE_NAME, retryable: false },
  EEXIST: { wrong: 'a part of the path is a file', hint: CHOOSE_NAME, retryable: false },
  ENAMETOOLONG: { wrong: 'the name is too long', hint: CHOOSE_NAME, retryable: false },
  EMFILE: { wrong: 'too many files are open', hint: 'Raise the limit (ulimit -n).', retryable: true },
  EIO: { wrong: 'the disk failed', hint: 'See the log of the system.', retryable: true },
};

/** @param doing what we were doing, to complete "could not …". A ReportError stays as it is. */
export function explain(doing: string, error: unknown): ReportError {
  if (error instanceof ReportError) return error;
  const code = codeOf(error);
  const known = EXPLANATIONS[code];
  return new ReportError(
    'destination',
    `could not ${doing}: ${known ? `${known.wrong} (${code})` : messageOf(error)}`,
    {
      cause: error,
      retryable: known?.retryable ?? false,
      ...(known && { hint: known.hint }),
    },
  );
}

/** Node's code of an error, or the empty text. */
export function codeOf(error: unknown): string {
  return (error as NodeJS.ErrnoException | undefined)?.code ?? '';
}
