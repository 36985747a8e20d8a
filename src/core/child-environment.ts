// The environment of the processes that this program starts.

/** What finding and loading a program needs. `LD_LIBRARY_PATH` is the dynamic linker's. */
const PASSED_ON = ['PATH', 'LD_LIBRARY_PATH'];

/**
 * The environment for a child process. It has nothing but the variables named above: every other one may hold a secret, and
 * `/proc/<pid>/environ` of the child would show it for as long as the child runs.
 */
export function childEnvironment(): NodeJS.ProcessEnv {
  const { env } = process;
  return Object.fromEntries(
    PASSED_ON.flatMap((name) => (env[name] === undefined ? [] : [[name, env[name]]])),
  );
}
