const tasks = require('./tasks.cjs');
const { ThreadWorker } = require(process.env.BENCH_POOLIFIER);

module.exports = new ThreadWorker({ ...tasks });
