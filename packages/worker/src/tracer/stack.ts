/** Where our own frames begin in the stack of what a task threw. */
const ours = /\n +at [^\n]*[/\\]tracer[/\\]tracer\.js/;
const run = /\n +at Task\.run [^\n]*$/;

/** A stack without the frames of the worker, which say nothing about the task. */
export function trimStack(stack: string): string {
  const match = ours.exec(stack);
  return match === null || match.index === 0 ? stack : stack.slice(0, match.index).replace(run, '');
}
