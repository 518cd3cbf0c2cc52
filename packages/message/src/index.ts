export type { DeliveryInfo, Message, MessageProperties } from './message.js';
