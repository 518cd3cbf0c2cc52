import { probeScript } from '@pool/redis';

/*
 * A server without memory refuses a script at its first command that needs some, but lets one that began with a removal
 * go on to its end (https://redis.io/docs/latest/develop/programmability/eval-intro/, "Eval scripts with memory limit").
 * Scripts that only move or renew what is there begin with a removal, so that consuming, which frees memory, goes on.
 */

/**
 * Takes up to `max` messages and records who holds them, in one step: no crash can lose a message in between.
 *
 * KEYS: unacked, unacked_index, holders, held, then the lists: all queues' first priority, all queues' second, …
 * ARGV: max, now, holder, what is known of the holder, then each queue's name as JSON
 * Returns queue index, tag and envelope of each message, flat; behind them, if it is without memory, what it says, or 1 if
 * it did not know the holder.
 *
 * Within a priority each queue gives an equal share while it has any. What could fail to be recorded fails before a
 * message has left its list. What `unacked` records names the queue as if the message had come straight to it, so that
 * whoever restores it, kombu too, puts it back there. Copies of one message in several queues share their tag: each that
 * is held gets one of its own.
 */
export const TAKE = `
local said, refused = redis.pcall('HSET', KEYS[3], ARGV[3], ARGV[4]), nil
if type(said) == 'table' and said.err then
  refused = said.err
  if not string.find(refused, 'OOM ', 1, true) then return redis.error_reply(refused) end
end
redis.call('HLEN', KEYS[1])
redis.call('ZCARD', KEYS[2])
redis.call('SCARD', KEYS[4])
local left, now, queues = tonumber(ARGV[1]), ARGV[2], #ARGV - 4
local out, scores, held, tags, failure = {}, {}, {}, {}, nil
local function keep(queue, envelope)
  local tag = string.match(envelope, '.*"delivery_tag":%s*"([^"\\\\]+)"')
  local raw = envelope
  if not tag then
    tag = 'pool.' .. redis.sha1hex(envelope) .. '.' .. now .. '.' .. #tags
    if not string.find(envelope, '^%s*{.*}%s*$') then raw = cjson.encode(envelope) end
  end
  out[#out + 1] = queue
  out[#out + 1] = tag
  out[#out + 1] = envelope
  tags[#tags + 1] = tag
  scores[#scores + 1] = now
  scores[#scores + 1] = tag
  held[#held + 1] = tag
  held[#held + 1] = '[' .. raw .. ', "", ' .. ARGV[5 + queue] .. ']'
end
for first = 5, #KEYS, queues do
  local open = {}
  for queue = 0, queues - 1 do open[#open + 1] = queue end
  while left > 0 and #open > 0 do
    local share, still = math.ceil(left / #open), {}
    for _, queue in ipairs(open) do
      local want = math.min(share, left)
      local got = want > 0 and redis.pcall('RPOP', KEYS[first + queue], want)
      if got and got.err then failure = got.err
      elseif got then
        for _, envelope in ipairs(got) do keep(queue, envelope) end
        left = left - #got
        if #got == want then still[#still + 1] = queue end
      end
    end
    open = still
  end
end
if #tags > 0 then
  if redis.call('ZADD', KEYS[2], unpack(scores)) < #tags then
    local seen = {}
    for i, tag in ipairs(tags) do
      if seen[tag] or redis.call('HEXISTS', KEYS[1], tag) == 1 then
        tag = tag .. '.' .. now .. '.' .. i
        tags[i], out[i * 3 - 1], scores[i * 2], held[i * 2 - 1] = tag, tag, tag, tag
      end
      seen[tag] = true
    end
    redis.call('ZADD', KEYS[2], unpack(scores))
  end
  redis.call('HSET', KEYS[1], unpack(held))
  redis.call('SADD', KEYS[4], unpack(tags))
  if refused then redis.call('HSET', KEYS[3], ARGV[3], ARGV[4]) end
elseif failure then return redis.error_reply(failure) end
if refused then out[#out + 1] = refused elseif said == 1 then out[#out + 1] = 1 end
return out
`;

/** How many messages wait in all the lists. Read with tracking on, it arms the wake-up. KEYS: the lists. */
export const COUNT = `
local sum = 0
for i = 1, #KEYS do sum = sum + redis.call('LLEN', KEYS[i]) end
return sum
`;

/** Empties lists. KEYS: the lists. Returns how many messages that were. */
export const PURGE = `
local sum = 0
for i = 1, #KEYS do
  sum = sum + redis.call('LLEN', KEYS[i])
  redis.call('DEL', KEYS[i])
end
return sum
`;

/**
 * Forgets messages. KEYS: unacked, unacked_index, held. ARGV: tags.
 * Returns the places (from 1) of those that were gone: they had been given to somebody else.
 */
export const FORGET = `
redis.call('ZREM', KEYS[2], unpack(ARGV))
redis.call('SREM', KEYS[3], unpack(ARGV))
local gone = {}
for i = 1, #ARGV do
  if redis.call('HDEL', KEYS[1], ARGV[i]) == 0 then gone[#gone + 1] = i end
end
return gone
`;

/**
 * Moves messages from \`unacked\` into lists. Whoever removes a message from \`unacked\` moves it, so that of several who
 * try only one does.
 *
 * KEYS: unacked, unacked_index, held, then a list for each message
 * ARGV: the most a list may hold (0: any number), then for each message a tag, an end ('LPUSH' is served last, 'RPUSH'
 * next) and an envelope
 * Returns the places (from 1) of those that were gone.
 */
export const MOVE = `
local gone = {}
for i = 4, #KEYS do
  local at = (i - 4) * 3 + 1
  local tag = ARGV[at + 1]
  redis.call('ZREM', KEYS[2], tag)
  redis.call('SREM', KEYS[3], tag)
  if redis.call('HDEL', KEYS[1], tag) == 1 then
    redis.call(ARGV[at + 2], KEYS[i], ARGV[at + 3])
    if ARGV[1] ~= '0' then redis.call('LTRIM', KEYS[i], 0, ARGV[1] - 1) end
  else
    gone[#gone + 1] = i - 3
  end
end
return gone
`;

/**
 * Says that messages are still held. KEYS: unacked_index, holders. ARGV: now, holder, what is known of the holder, tags.
 * Returns whether the holder was known, and the places (from 1) of those that were gone: what was given to somebody else
 * stays theirs. Behind them, if the server is without memory, what it says.
 */
export const RENEW = `
local said = redis.pcall('HSET', KEYS[2], ARGV[2], ARGV[3])
local refused = type(said) == 'table' and said.err
if refused then
  redis.call('ZREM', KEYS[1], '')
  said = redis.call('HSET', KEYS[2], ARGV[2], ARGV[3])
end
local gone = {1 - said}
for i = 4, #ARGV do
  if redis.call('ZSCORE', KEYS[1], ARGV[i]) then redis.call('ZADD', KEYS[1], 'XX', ARGV[1], ARGV[i])
  else gone[#gone + 1] = i - 3 end
end
if refused then gone[#gone + 1] = refused end
return gone
`;

/**
 * A holder says that it is here, or here again. KEYS: holders, held. ARGV: holder, what is known of it.
 * Returns what was known of it before, and the tags it holds.
 */
export const JOIN = `
local before = redis.call('HGET', KEYS[1], ARGV[1])
redis.call('SREM', KEYS[2], '')
redis.call('HSET', KEYS[1], ARGV[1], ARGV[2])
return {before, redis.call('SMEMBERS', KEYS[2])}
`;

/**
 * Changes what is known of a holder, unless it changed meanwhile. KEYS: holders. ARGV: holder, what was known, what is
 * known now (nothing: forget it). Returns 1 if it did.
 */
export const SWAP = `
if redis.call('HGET', KEYS[1], ARGV[1]) ~= ARGV[2] then return 0 end
redis.call('HDEL', KEYS[1], ARGV[1])
if ARGV[3] ~= '' then redis.call('HSET', KEYS[1], ARGV[1], ARGV[3]) end
return 1
`;

/** Takes the mutex, if it is free. KEYS: the mutex, unacked_index. ARGV: our token, milliseconds. */
export const LOCK = `
redis.call('ZREM', KEYS[2], '')
if redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2], 'NX') then return 1 end
return 0
`;

/** Releases the mutex if it is still ours. KEYS: the mutex. ARGV: our token. */
export const UNLOCK = `
if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end
return 0
`;

/**
 * Tries every command that the scripts and the rest need, on a key of nobody. KEYS: that key, and others that are needed.
 * Returns those that this user may not run.
 */
export const PROBE: string = probeScript(`
try('DEL') try('LPUSH', '') try('RPUSH', '') try('LTRIM', 0, 0) try('LLEN') try('RPOP', 1) try('DEL')
try('HSET', '', '') try('HGET', '') try('HEXISTS', '') try('HLEN') try('HMGET', '') try('HGETALL') try('HDEL', '') try('DEL')
try('ZADD', 0, '') try('ZSCORE', '') try('ZCARD') try('ZREVRANGEBYSCORE', 0, 0) try('ZREM', '') try('DEL')
try('SADD', '') try('SISMEMBER', '') try('SCARD') try('SMEMBERS') try('SSCAN', 0) try('SREM', '') try('DEL')
try('SET', '') try('GET') try('DEL')
`);
