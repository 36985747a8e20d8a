#!/usr/bin/env node
try {
  await import('../dist/cli.js');
} catch (error) {
  // The program could not be loaded, or not even find out its working folder: a limit of this machine, or a damaged installation.
  const { code, syscall, message, stack } = error;
  const known = {
    EMFILE: `${message}. Raise the limit of open files (ulimit -n).`,
    ENFILE: `${message}. The system has too many open files.`,
    ERR_MODULE_NOT_FOUND: `${message}. Install it again.`,
    ...(syscall === 'uv_cwd' && { [code]: 'the working folder is gone. Change to one that is there.' }),
  };
  console.error(`reportctl: ${known[code] ?? (syscall === undefined ? stack : message)}`);
  process.exitCode = 1;
}
