/** Where a message goes, and how. Durations are seconds. */
export interface PublishOptions {
  /** `''`, the default exchange, routes to the queue named by `routingKey`. @default '' */
  exchange?: string;
  routingKey: string;
  /** 0 to 9; which end is urgent is the broker's habit (see `PriorityCapability`). Overrides the message's property. */
  priority?: number;
  /** Seconds after which the message is worthless if nobody took it. Overrides the message's property. */
  expiration?: number;
  /** Seconds before the message may be taken. Needs `delayedDelivery`. */
  delay?: number;
  /** Reject the publish with `UnroutableError` if no queue matches, rather than drop the message. @default false */
  mandatory?: boolean;
}
