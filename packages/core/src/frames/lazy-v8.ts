type V8 = typeof import('node:v8');

let v8: V8 | undefined;

/** `node:v8`, which takes a new process some milliseconds to load, and which few need. */
export function lazyV8(): V8 {
  v8 ??= process.getBuiltinModule('node:v8');
  return v8;
}
