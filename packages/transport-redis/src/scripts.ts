/**
 * Takes up to `max` messages and records who holds them, in one step: no crash can lose a message in between.
 *
 * KEYS: unacked, unacked_index, holders, held, then the lists: all queues' first priority, all queues' second, …
 * ARGV: max, now, holder, what is known of the holder, then each queue's name as JSON
 * Returns queue index, tag and envelope of each message, flat.
 *
 * Within a priority each queue gives an equal share while it has any. The first command is one that a Redis without
 * memory refuses, so that it refuses the whole script before a message has left its list. What `unacked` records names
 * the queue as if the message had come straight to it, so that whoever restores it, kombu too, puts it back there.
 */
export const TAKE = `
redis.call('HSET', KEYS[3], ARGV[3], ARGV[4])
local left, now, queues = tonumber(ARGV[1]), ARGV[2], #ARGV - 4
local out, scores, held, tags = {}, {}, {}, {}
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
      local got = want > 0 and redis.call('RPOP', KEYS[first + queue], want)
      if got then
        for _, envelope in ipairs(got) do keep(queue, envelope) end
        left = left - #got
        if #got == want then still[#still + 1] = queue end
      end
    end
    open = still
  end
end
if #tags > 0 then
  redis.call('ZADD', KEYS[2], unpack(scores))
  redis.call('HSET', KEYS[1], unpack(held))
  redis.call('SADD', KEYS[4], unpack(tags))
end
return out
`;

/** How many messages wait in all the lists. Read with tracking on, it arms the wake-up. KEYS: the lists. */
export const COUNT = `
local sum = 0
for i = 1, #KEYS do sum = sum + redis.call('LLEN', KEYS[i]) end
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
 * Returns the places (from 1) of those that were gone: what was given to somebody else stays theirs.
 */
export const RENEW = `
redis.call('HSET', KEYS[2], ARGV[2], ARGV[3])
local gone = {}
for i = 4, #ARGV do
  if redis.call('ZSCORE', KEYS[1], ARGV[i]) then redis.call('ZADD', KEYS[1], 'XX', ARGV[1], ARGV[i])
  else gone[#gone + 1] = i - 3 end
end
return gone
`;

/** Releases the mutex if it is still ours. KEYS: the mutex. ARGV: our token. */
export const UNLOCK = `
if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end
return 0
`;
