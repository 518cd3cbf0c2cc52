/** Celery's task states, as they stand in a result document. Any other upper-case word is a custom state. */
export const states = {
  PENDING: 'PENDING',
  RECEIVED: 'RECEIVED',
  STARTED: 'STARTED',
  SUCCESS: 'SUCCESS',
  FAILURE: 'FAILURE',
  REVOKED: 'REVOKED',
  REJECTED: 'REJECTED',
  RETRY: 'RETRY',
  IGNORED: 'IGNORED',
} as const;

/** One of Celery's states, or a custom one such as `PROGRESS`. */
export type TaskState = (typeof states)[keyof typeof states] | (string & {});

const readyStates: ReadonlySet<string> = new Set([states.SUCCESS, states.FAILURE, states.REVOKED]);
const exceptionStates: ReadonlySet<string> = new Set([states.FAILURE, states.RETRY, states.REVOKED]);

/** Whether nothing follows this state: `SUCCESS`, `FAILURE` and `REVOKED`, as in Celery. */
export function isReadyState(state: TaskState): boolean {
  return readyStates.has(state);
}

/** Whether the `result` of a document in this state is an exception record: `FAILURE`, `RETRY` and `REVOKED`. */
export function isExceptionState(state: TaskState): boolean {
  return exceptionStates.has(state);
}
