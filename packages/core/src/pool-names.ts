/** The names a pool goes by and the package each stands for; the aliases are Celery's. */
export const poolPackages: Readonly<Record<string, string>> = Object.freeze({
  prefork: '@pool/prefork',
  processes: '@pool/prefork',
  threads: '@pool/threads',
  solo: '@pool/solo',
  green: '@pool/green',
  gevent: '@pool/green',
  eventlet: '@pool/green',
});

/** What `--pool` lists: the names above and `custom`, which reads its pool from the environment. */
export const poolNames: readonly string[] = Object.freeze([...Object.keys(poolPackages), 'custom']);
