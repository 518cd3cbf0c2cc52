// The same work for every pool. One argument, since that is all some of them can pass.
const noop = ([a, b]) => a + b;
const echo = (value) => value;
/** Burns CPU by a fixed amount of work, so that a busy machine does not make the task shorter. */
const burn = (rounds) => {
  let x = 1;
  for (let i = 0; i < rounds; i++) x = (x * 1103515245 + 12345) % 2147483648;
  return x;
};

const sleep = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));

module.exports = { noop, echo, burn, sleep, short: burn, long: burn };
