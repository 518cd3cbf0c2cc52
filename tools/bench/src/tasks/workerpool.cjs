const tasks = require('./tasks.cjs');

// Resolved where the peers are installed, not here.
const workerpool = require(process.env.BENCH_WORKERPOOL);

workerpool.worker({ ...tasks });
