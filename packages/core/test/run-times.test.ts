import { expect, it } from 'vitest';
import { RunTimes } from '../src/run-times.js';

const runs = (times: RunTimes, n: number, micros: number): void => {
  for (let i = 0; i < n; i++) times.add(micros);
};

it('jobs are quick after enough short runs', () => {
  const times = new RunTimes();
  runs(times, 31, 10);
  expect(times.quick).toBe(false);
  runs(times, 1, 10);
  expect(times.quick).toBe(true);
});

it('one run that the system held up is forgiven once they have proved themselves', () => {
  const times = new RunTimes();
  runs(times, 1000, 10);
  times.add(3000);
  expect(times.quick).toBe(true);
});

it('on an overloaded machine a long run among a thousand short ones is forgiven, a second one is not', () => {
  const times = new RunTimes();
  runs(times, 1000, 10);
  times.add(50_000);
  expect(times.quick).toBe(true);
  runs(times, 500, 10);
  times.add(50_000);
  expect(times.quick).toBe(false);
});

it('a run that cannot be short is not forgiven', () => {
  const times = new RunTimes();
  runs(times, 1024, 10);
  times.add(200_000);
  expect(times.quick).toBe(false);
});

it('one long run makes them prove themselves anew, longer each time', () => {
  const times = new RunTimes();
  runs(times, 32, 10);
  times.add(500_000);
  expect(times.quick).toBe(false);
  runs(times, 63, 10);
  expect(times.quick).toBe(false);
  runs(times, 1, 10);
  expect(times.quick).toBe(true);
});

it('jobs of a kind that is long now and then are never quick', () => {
  const times = new RunTimes();
  for (let i = 0; i < 100; i++) {
    runs(times, 20, 10);
    times.add(50_000);
    expect(times.quick).toBe(false);
  }
});
