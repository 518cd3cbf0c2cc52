/** Options that would make a child listen on the same port, run something else, or never end. */
const ownToThisProcess =
  /^--?(inspect|debug|input-type|eval|e$|print|p$|pe$|check|c$|interactive|i$|test|watch|cpu-prof|heap-prof|prof)/;

/** Node's options of this process that are meant for its children too. */
export function inheritedExecArgv(): string[] {
  let own = false;
  return process.execArgv.filter((argument) => {
    // What is no option is the value of the one before.
    if (argument.startsWith('-')) own = ownToThisProcess.test(argument);
    return !own;
  });
}

/**
 * Left to itself, V8 lets each half of the space for new objects grow to 16 MB, all of it touched in turn however little
 * lives in it: 10 MB more for a child of small jobs, which run no faster for it.
 */
const SMALL_SEMI_SPACE = '--max-semi-space-size=4';
const semiSpace = /--m(ax|in)[-_]semi[-_]space[-_]size/;

/** Node's options for a child, which get a small space for new objects unless they or the environment size it. */
export function childExecArgv(execArgv: readonly string[], env: NodeJS.ProcessEnv): readonly string[] {
  if (execArgv.some((argument) => semiSpace.test(argument)) || semiSpace.test(env['NODE_OPTIONS'] ?? ''))
    return execArgv;
  return [SMALL_SEMI_SPACE, ...execArgv];
}
