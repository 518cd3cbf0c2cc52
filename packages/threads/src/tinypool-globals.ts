// Tinypool's declarations take `Worker` for a global, which it is only where there is a DOM. Nothing imports this file, so
// its declaration reaches nobody who uses the package.
export {};

declare global {
  interface Worker {
    resourceLimits?: object;
  }
}
