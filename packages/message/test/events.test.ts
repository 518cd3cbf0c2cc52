import {
  createEvent,
  DecodeError,
  decodeEvents,
  encodeEvents,
  eventGroup,
  eventRoutingKey,
  type Message,
  utcOffset,
} from '@pool/message';
import { describe, expect, it } from 'vitest';

const SOURCE = { hostname: 'w1@host', clock: 3, pid: 7, timestamp: 100.5 };

function message(body: unknown): Message {
  const { message } = encodeEvents(createEvent('task-sent', {}, SOURCE));
  return { ...message, body: Buffer.from(JSON.stringify(body)) };
}

describe('events', () => {
  it('have every field that monitors need', () => {
    expect(createEvent('task-started', { uuid: 'a', type: 'forged' }, SOURCE)).toEqual({
      type: 'task-started',
      uuid: 'a',
      hostname: 'w1@host',
      clock: 3,
      pid: 7,
      timestamp: 100.5,
      utcoffset: utcOffset(),
    });
    const event = createEvent('worker-online', {}, { hostname: 'h', clock: 1 });
    expect(event.pid).toBe(process.pid);
    expect(Math.abs(event.timestamp - Date.now() / 1000)).toBeLessThan(60);
  });

  it('go out alone under their type, and in batches under their group', () => {
    const event = createEvent('task-received', { uuid: 'a' }, SOURCE);
    const one = encodeEvents(event);
    expect(one.routingKey).toBe('task.received');
    expect(one.message).toMatchObject({ headers: { hostname: 'w1@host' }, properties: { deliveryMode: 1 } });
    expect(decodeEvents(one.message)).toEqual([event]);
    const many = encodeEvents([event, event], { compression: 'gzip' });
    expect(many.routingKey).toBe('task.multi');
    expect(decodeEvents(many.message)).toEqual([event, event]);
    expect(() => encodeEvents([])).toThrow(TypeError);
  });

  it('with fields left out get neutral ones', () => {
    expect(decodeEvents(message({ type: 'task-x' }))).toEqual([
      { type: 'task-x', hostname: 'w1@host', utcoffset: 0, pid: 0, clock: 0, timestamp: 0 },
    ]);
    expect(decodeEvents(message([]))).toEqual([]);
  });

  it('that are none are refused', () => {
    for (const body of [null, 5, {}, { type: 5 }, [{ type: 'a' }, 'b']]) {
      expect(() => decodeEvents(message(body))).toThrow(DecodeError);
    }
  });

  it('have a group and a routing key by their type', () => {
    expect(eventGroup('task-sent')).toBe('task');
    expect(eventGroup('custom')).toBe('custom');
    expect(eventRoutingKey('worker-elect-ack')).toBe('worker.elect.ack');
  });

  it('count hours west of UTC, rounded down', () => {
    const at = (minutes: number): Date => Object.assign(new Date(), { getTimezoneOffset: () => minutes });
    expect([at(0), at(300), at(-120), at(-330)].map(utcOffset)).toEqual([0, 5, -2, -6]);
  });
});
