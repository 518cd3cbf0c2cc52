const tasks = require('./tasks.cjs');
const { ClusterWorker } = require(process.env.BENCH_POOLIFIER);

module.exports = new ClusterWorker({ ...tasks });
