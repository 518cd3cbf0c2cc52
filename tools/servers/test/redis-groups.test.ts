import { describe, expect, test } from 'vitest';
import { startRedisCluster } from '../src/redis-cluster.js';
import { startRedisSentinel } from '../src/redis-sentinel.js';

describe('Redis under sentinels', () => {
  test('promotes a replica when the master is killed', async () => {
    await using group = await startRedisSentinel();
    expect(group.url.split(';')).toHaveLength(3);
    await group.master.command('SET', 'k', 'v');
    await group.master.command('WAIT', '1', '0');
    await group.master.kill();
    const [replica] = group.replicas;
    await replica?.printed(/MASTER MODE enabled/);
    expect(await replica?.command('GET', 'k')).toBe('v');
  });
});

describe('a Redis Cluster', () => {
  test('shares the keys among its masters', async () => {
    await using cluster = await startRedisCluster();
    expect(cluster.urls).toHaveLength(3);
    const [first] = cluster.nodes;
    expect(await first?.command('CLUSTER', 'INFO')).toContain('cluster_slots_ok:16384');
    const answers = await Promise.all(cluster.nodes.map((node) => node.command('SET', 'k', 'v')));
    expect(answers.filter((answer) => answer === 'OK')).toHaveLength(1);
    expect(answers.filter((answer) => answer.startsWith('MOVED'))).toHaveLength(2);
  });
});
