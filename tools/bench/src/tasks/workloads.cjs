// What the four pools are compared by: a task that computes and one that waits.
const { burn } = require('./tasks.cjs');

const compute = (rounds) => burn(rounds);
const wait = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));

module.exports = { compute, wait };
