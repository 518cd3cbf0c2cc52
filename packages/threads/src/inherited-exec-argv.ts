/** Node's options that say how modules load, each with its value in the next argument or after `=`, or without one. */
const loading =
  /^(--import|--require|-r|--loader|--experimental-loader|--conditions|-C|--enable-source-maps|--no-warnings)(=|$)/;
const withValue = /^(--import|--require|-r|--loader|--experimental-loader|--conditions|-C)$/;

/**
 * Node's options for threads when nothing is said: undefined, for Node to pass on those of this process. But a process
 * that runs a module from its command line would pass on `--input-type`, which no thread takes; then only those by which
 * modules load.
 */
export function inheritedExecArgv(execArgv: readonly string[] = process.execArgv): string[] | undefined {
  if (!execArgv.some((argument) => argument.startsWith('--input-type'))) return undefined;
  return execArgv.filter(
    (argument, i) => loading.test(argument) || (i > 0 && withValue.test(execArgv[i - 1] as string)),
  );
}
