import type { App } from '../app.js';
import { ConfigError } from '../errors.js';
import type { OutgoingTask } from '../outgoing.js';
import { chordOutcome } from './chord-outcome.js';
import { type ChordReturn, type FollowUp, noFollowUp, planChordBody, planChordFailure } from './follow-up.js';

type Publish = (tasks: readonly OutgoingTask[]) => Promise<void>;

/**
 * Does what a follow-up says: tells the result store of chords, publishes, stores the failures of tasks that will not
 * run, and counts finished members of chords, calling the body of a chord that is complete. Resolves when all of it
 * has happened. Doing it again after it failed half way is safe: members count once, and only the one that completed
 * a chord calls its body.
 */
export async function follow(app: App, followUp: Partial<FollowUp>, publish: Publish): Promise<void> {
  const { chords = [], groups = [], messages = [], results = [], returns = [] } = followUp;
  if (chords.length > 0) {
    if (!app.hasResultStore) {
      throw new ConfigError('a chord needs results to be kept: give the app a resultBackend', {
        setting: 'resultBackend',
      });
    }
    const store = await app.resultStore();
    await Promise.all(groups.map((group) => store.saveGroup(group)));
    await Promise.all(chords.map(({ groupId, size }) => store.setChordSize(groupId, size)));
  }
  await publish(messages);
  if (results.length > 0 && app.hasResultStore) {
    const store = await app.resultStore();
    await Promise.all(results.map((result) => store.storeResult(result)));
  }
  await Promise.all(returns.map((one) => countMember(app, one, publish)));
}

async function countMember(app: App, member: ChordReturn, publish: Publish): Promise<void> {
  if (!app.hasResultStore) return;
  const store = await app.resultStore();
  if (!store.capabilities.chords) return;
  const { groupId, part } = member;
  const { complete } = await store.addChordPart(groupId, part);
  if (!complete) return;
  await follow(app, await chordFollowUp(app, member), publish);
  await store.forgetChord(groupId);
  if (store.capabilities.groups) await store.forgetGroup(groupId);
}

async function chordFollowUp(app: App, member: ChordReturn): Promise<FollowUp> {
  const store = await app.resultStore();
  const { groupId } = member;
  const parts = await store.chordParts(groupId);
  if (parts.length === 0) return noFollowUp;
  const group = store.capabilities.groups ? await store.getGroup(groupId) : undefined;
  const outcome = chordOutcome(parts, group, app.codec);
  const planning = app.planning(undefined, member.trace);
  if ('failure' in outcome) return planChordFailure(planning, member, outcome.failure);
  try {
    return planChordBody(planning, member, outcome.results);
  } catch (error) {
    return planChordFailure(planning, member, `Callback error: ${String(error)}`);
  }
}
