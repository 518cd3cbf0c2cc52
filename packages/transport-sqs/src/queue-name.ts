/** The name of a queue as SQS takes it, made as kombu makes it: `.` becomes `-`, other punctuation `_`; `.fifo` stays. */
export function sqsQueueName(queue: string, prefix: string): string {
  const full = prefix + queue;
  const fifo = full.endsWith('.fifo');
  const stem = fifo ? full.slice(0, -5) : full;
  const name = stem.replaceAll('.', '-').replaceAll(/[^A-Za-z0-9_-]/g, '_');
  return fifo ? `${name}.fifo` : name;
}
