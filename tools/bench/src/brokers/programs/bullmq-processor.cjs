module.exports = async (/** @type {{ data: number[] }} */ job) => Number(job.data[0]) + Number(job.data[1]);
