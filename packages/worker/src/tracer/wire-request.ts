import type { TaskRequest } from '@pool/app';
import { customHeaders, type Message, parseIso, type TaskBody, type TaskHeaders } from '@pool/message';
import type { Delivery } from '@pool/transport';

/**
 * What the pool's side is told of a request besides its name, id and body: JSON values in a fixed order, since this is
 * sent with every task.
 */
export type WireRequest = readonly [
  retries: number,
  rootId: string | null,
  parentId: string | null,
  group: string | null,
  groupIndex: number | null,
  ignoreResult: boolean,
  replyTo: string | null,
  correlationId: string | null,
  eta: string | null,
  expires: string | null,
  timelimit: readonly [hard: number | null, soft: number | null] | null,
  exchange: string,
  routingKey: string,
  priority: number | null,
  redelivered: boolean,
  deliveryCount: number | null,
  shadow: string | null,
  origin: string | null,
  replacedTaskNesting: number,
  stamps: Record<string, unknown> | null,
  stampedHeaders: readonly string[] | null,
  headers: Record<string, unknown> | null,
  compression: string | null,
];

/** The wire form of a request. */
export function toWireRequest(headers: TaskHeaders, message: Message, delivery: Delivery): WireRequest {
  const { timelimit } = headers;
  const compression = message.headers['compression'];
  return [
    headers.retries,
    headers.rootId,
    headers.parentId,
    headers.group,
    headers.groupIndex,
    headers.ignoreResult,
    headers.replyTo,
    headers.correlationId === headers.id ? null : headers.correlationId,
    headers.eta === null ? null : headers.eta.toISOString(),
    headers.expires === null ? null : headers.expires.toISOString(),
    timelimit[0] === null && timelimit[1] === null ? null : timelimit,
    delivery.exchange,
    delivery.routingKey,
    message.properties.priority ?? null,
    delivery.redelivered,
    delivery.deliveryCount ?? null,
    headers.shadow,
    headers.origin,
    headers.replacedTaskNesting,
    headers.stamps,
    headers.stampedHeaders,
    ownHeaders(message.headers),
    typeof compression === 'string' ? compression : null,
  ];
}

function ownHeaders(headers: Record<string, unknown>): Record<string, unknown> | null {
  const own = customHeaders(headers);
  for (const _name in own) return own;
  return null;
}

/** The request as tasks see it. */
export function toTaskRequest(
  task: string,
  id: string,
  wire: WireRequest,
  body: TaskBody,
  hostname: string,
): TaskRequest {
  const [eta, expires, deliveryCount] = [wire[8], wire[9], wire[15]];
  return {
    id,
    task,
    args: body.args,
    kwargs: body.kwargs,
    retries: wire[0],
    eta: eta === null ? null : parseIso(eta),
    expires: expires === null ? null : parseIso(expires),
    timelimit: wire[10] ?? [null, null],
    rootId: wire[1] ?? id,
    parentId: wire[2],
    group: wire[3],
    groupIndex: wire[4],
    ignoreResult: wire[5],
    correlationId: wire[7] ?? id,
    replyTo: wire[6],
    hostname,
    deliveryInfo: { exchange: wire[11], routingKey: wire[12], priority: wire[13], redelivered: wire[14] },
    deliveryCount: deliveryCount === null ? null : deliveryCount + 1,
    headers: wire[21] ?? {},
    stamps: wire[19] ?? {},
    stampedHeaders: wire[20] ?? [],
    replacedTaskNesting: wire[18],
    origin: wire[17],
    callbacks: body.embed.callbacks,
    errbacks: body.embed.errbacks,
    chain: body.embed.chain,
    chord: body.embed.chord,
  };
}
