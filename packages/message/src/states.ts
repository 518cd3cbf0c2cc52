export const PENDING = 'PENDING';
export const RECEIVED = 'RECEIVED';
export const STARTED = 'STARTED';
export const SUCCESS = 'SUCCESS';
export const FAILURE = 'FAILURE';
export const REVOKED = 'REVOKED';
export const REJECTED = 'REJECTED';
export const RETRY = 'RETRY';
export const IGNORED = 'IGNORED';

/** States after which nothing more comes. */
export const READY_STATES: ReadonlySet<string> = new Set([SUCCESS, FAILURE, REVOKED]);
export const UNREADY_STATES: ReadonlySet<string> = new Set([PENDING, RECEIVED, STARTED, REJECTED, RETRY]);
/** States whose result is an exception. */
export const EXCEPTION_STATES: ReadonlySet<string> = new Set([RETRY, FAILURE, REVOKED]);
/** Exception states that a waiting producer gets thrown. */
export const PROPAGATE_STATES: ReadonlySet<string> = new Set([FAILURE, REVOKED]);
/** The states a result store may hold; a task can have custom ones besides. */
export const ALL_STATES: ReadonlySet<string> = new Set([
  PENDING,
  RECEIVED,
  STARTED,
  SUCCESS,
  FAILURE,
  RETRY,
  REVOKED,
]);

const CUSTOM_PRECEDENCE = 2;
const PRECEDENCE: ReadonlyMap<string, number> = new Map([
  [SUCCESS, 0],
  [FAILURE, 1],
  [REVOKED, 3],
  [STARTED, 4],
  [RECEIVED, 5],
  [REJECTED, 6],
  [RETRY, 7],
  [PENDING, 8],
]);

/** Rank of a state, 0 the highest. Custom states come after FAILURE and before REVOKED, as in Celery. */
export function statePrecedence(state: string): number {
  return PRECEDENCE.get(state) ?? CUSTOM_PRECEDENCE;
}

/** Negative when `a` takes precedence over `b`, so that sorting puts the latest state of a task first. */
export function compareStates(a: string, b: string): number {
  return statePrecedence(a) - statePrecedence(b);
}
