import { probeScript } from '@pool/redis';

/**
 * Writes documents and tells those who wait. A document that says SUCCESS stays as it is, whoever wrote it.
 *
 * KEYS: a key for each document. ARGV: for each the seconds until it goes (0: never) and its length, as one text; then all
 * documents in one piece, since each argument costs the client more than what a short one says.
 * Returns how many were left as they were.
 */
export const STORE = `
local function succeeded(text)
  if not text or not string.find(text, '"SUCCESS"', 1, true) then return false end
  local ok, document = pcall(cjson.decode, text)
  return ok and type(document) == 'table' and document.status == 'SUCCESS'
end
local numbers, from, kept = string.gmatch(ARGV[1], '%S+'), 1, 0
for _, key in ipairs(KEYS) do
  local seconds, length = numbers(), tonumber(numbers())
  local document = string.sub(ARGV[2], from, from + length - 1)
  from = from + length
  if succeeded(redis.call('GET', key)) then kept = kept + 1
  else
    if seconds == '0' then redis.call('SET', key, document) else redis.call('SETEX', key, seconds, document) end
    redis.call('PUBLISH', key, document)
  end
end
return kept
`;

/** What every chord script ends with: count, size and whether the caller completed the header. */
const OUTCOME = `
local function outcome(caller)
  local count = redis.call('ZCARD', KEYS[1])
  local size = redis.call('GET', KEYS[2])
  if size then size = tonumber(size) + tonumber(redis.call('GET', KEYS[3]) or '0') end
  local complete = 0
  if size and count >= size then
    if redis.call('HSETNX', KEYS[4], '', caller) == 1 then complete = 1
    elseif redis.call('HGET', KEYS[4], '') == caller then complete = 1 end
  end
  if ARGV[1] ~= '0' then for i = 1, 4 do redis.call('EXPIRE', KEYS[i], ARGV[1]) end end
  if size then return {count, tostring(size), complete} end
  return {count, false, complete}
end
`;

/**
 * Counts a member of a chord, once for each task id.
 * KEYS: .j (parts by index), .s (size), .t (change of size), ours (task id → its part; '' → who completed it).
 * ARGV: seconds until all of it goes (0: never), task id, index, part.
 */
export const ADD_PART: string = `${OUTCOME}
local before = redis.call('HGET', KEYS[4], 't' .. ARGV[2])
if before and before ~= ARGV[4] then redis.call('ZREM', KEYS[1], before) end
redis.call('ZADD', KEYS[1], ARGV[3], ARGV[4])
redis.call('HSET', KEYS[4], 't' .. ARGV[2], ARGV[4])
return outcome('t' .. ARGV[2])
`;

/**
 * Sets or changes the size of a chord. KEYS as above. ARGV: seconds, 'size' or 'change', the number.
 */
export const PROGRESS: string = `${OUTCOME}
if ARGV[2] == 'size' then redis.call('SET', KEYS[2], ARGV[3]) else redis.call('INCRBY', KEYS[3], ARGV[3]) end
return outcome('size')
`;

/** Tries every command that this store needs, on a key of nobody. KEYS: that key. Returns those that this user may not run. */
export const PROBE: string = probeScript(`
try('DEL') try('SETEX', 1, '') try('SET', '') try('GET') try('MGET') try('EXPIRE', 1) try('PUBLISH', '') try('DEL')
try('ZADD', 0, '') try('ZCARD') try('ZRANGE', 0, 0) try('ZREM', '') try('DEL')
try('HSETNX', '', '') try('HSET', '', '') try('HGET', '') try('DEL') try('INCRBY', 1) try('DEL')
`);
