import { formatIso, parseIso, type SignatureData } from '@pool/message';
import type { Links, SendOptions } from './send-options.js';
import { signatureData } from './signature-data.js';

/** Options of sending that callers do not set: what a workflow passes along. */
export interface InternalSendOptions extends Omit<SendOptions, 'link' | 'linkError'> {
  link?: readonly SignatureData[];
  linkError?: readonly SignatureData[];
  /** The rest of the chain, the next task **last**, as it travels. */
  chain?: readonly SignatureData[];
  /** The body of the chord whose header this task is in. */
  chord?: SignatureData;
  replyTo?: string;
  retries?: number;
  replacedTaskNesting?: number;
}

type Option = keyof InternalSendOptions;

/** Our name of an option and Celery's in the `options` of a signature, where the two mean the same. */
const wireNames: readonly (readonly [Option, string])[] = [
  ['countdown', 'countdown'],
  ['eta', 'eta'],
  ['expires', 'expires'],
  ['queue', 'queue'],
  ['exchange', 'exchange'],
  ['routingKey', 'routing_key'],
  ['priority', 'priority'],
  ['taskId', 'task_id'],
  ['timeLimit', 'time_limit'],
  ['softTimeLimit', 'soft_time_limit'],
  ['serializer', 'serializer'],
  ['compression', 'compression'],
  ['headers', 'headers'],
  ['ignoreResult', 'ignore_result'],
  ['link', 'link'],
  ['linkError', 'link_error'],
  ['shadow', 'shadow'],
  ['groupId', 'group_id'],
  ['groupIndex', 'group_index'],
  ['rootId', 'root_id'],
  ['parentId', 'parent_id'],
  ['retry', 'retry'],
  ['chain', 'chain'],
  ['chord', 'chord'],
  ['replyTo', 'reply_to'],
  ['retries', 'retries'],
  ['replacedTaskNesting', 'replaced_task_nesting'],
];

const wireNameOf = new Map<string, string>(wireNames);
const optionOf = new Map<string, Option>(wireNames.map(([option, wire]) => [wire, option]));

export function linkList(links: Links | undefined): SignatureData[] | undefined {
  if (links === undefined) return undefined;
  return (Array.isArray(links) ? links : [links]).map((link) => signatureData(link));
}

/** Options of a caller, with links in their plain form. */
export function internalOptions({ link, linkError, ...rest }: SendOptions): InternalSendOptions {
  const [links, errorLinks] = [linkList(link), linkList(linkError)];
  return { ...rest, ...(links && { link: links }), ...(errorLinks && { linkError: errorLinks }) };
}

/** Options as they stand in a signature. Keyword arguments are no option there. */
export function toWireOptions(options: SendOptions | InternalSendOptions): Record<string, unknown> {
  const wire: Record<string, unknown> = {};
  for (const [option, value] of Object.entries(options)) {
    const name = wireNameOf.get(option);
    if (value === undefined || name === undefined) continue;
    // As text, which every version of Celery reads.
    if (value instanceof Date) wire[name] = formatIso(value);
    else wire[name] = option === 'link' || option === 'linkError' ? linkList(value as Links) : value;
  }
  if (options.persistent !== undefined) wire['delivery_mode'] = options.persistent ? 2 : 1;
  if (options.stamps) {
    wire['stamped_headers'] = Object.keys(options.stamps);
    Object.assign(wire, options.stamps);
  }
  return wire;
}

/** A time of day in any of its forms: live, ISO text, or kombu's tagged value. */
function dateOf(value: unknown): unknown {
  const tagged = value as { __type__?: unknown; __value__?: unknown } | null;
  const text = typeof value === 'object' && tagged?.__type__ === 'datetime' ? tagged.__value__ : value;
  return typeof text === 'string' ? (parseIso(text) ?? undefined) : text;
}

/** Reads the options of a signature. What only Python knows (`producer`, `connection`, …) is left out. */
export function fromWireOptions(wire: Readonly<Record<string, unknown>>): InternalSendOptions {
  const options: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(wire)) {
    const option = optionOf.get(name);
    if (value === undefined || value === null || option === undefined) continue;
    if (option === 'link' || option === 'linkError') options[option] = linkList(value as Links);
    else options[option] = option === 'eta' || option === 'expires' ? dateOf(value) : value;
  }
  if (wire['delivery_mode'] === 1) options['persistent'] = false;
  const stamped = wire['stamped_headers'];
  if (Array.isArray(stamped) && stamped.length > 0) {
    options['stamps'] = Object.fromEntries(stamped.map((name) => [String(name), wire[String(name)]]));
  }
  return options as InternalSendOptions;
}
