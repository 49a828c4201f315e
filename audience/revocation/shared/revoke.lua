-- Adds an entry, or widens the one that names the same tokens. Keys: state, entries,
-- ends, changes. Arguments: the id of the change, which is also the epoch of a list that
-- has none, the digest of what the
-- entry names, that itself, the time before which the tokens were issued (0 for any),
-- the end of the tokens, for how much longer the entry is kept, and how many entries
-- there may be. Times are in milliseconds. It answers "full"; or "ok" with the epoch, and
-- with the number and the id of the change, if there was one.
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
if redis.call('HEXISTS', KEYS[1], 'epoch') == 0 then
	redis.call('DEL', KEYS[1], KEYS[2], KEYS[3], KEYS[4])
	redis.call('HSET', KEYS[1], 'epoch', ARGV[1], 'change', 0, 'entries', 0, 'born', string.format('%.0f', now))
end
local gone = redis.call('ZRANGEBYSCORE', KEYS[3], '-inf', '(' .. string.format('%.0f', now), 'LIMIT', 0, 100)
for _, digest in ipairs(gone) do
	redis.call('HDEL', KEYS[2], digest)
	redis.call('ZREM', KEYS[3], digest)
end
if #gone > 0 then -- Redis 7.0 takes no -0
	redis.call('HINCRBY', KEYS[1], 'entries', -#gone)
end

local digest, named, before, ends, longer = ARGV[2], ARGV[3], tonumber(ARGV[4]), tonumber(ARGV[5]), tonumber(ARGV[6])
if ends + longer < now then
	return {'ok', redis.call('HGET', KEYS[1], 'epoch'), '0', ''}
end
local known = redis.call('HGET', KEYS[2], digest)
if known then
	local b, e, other = string.match(known, '^(%d+) (%d+) (.*)$')
	if other == named then -- what names other tokens under this digest is replaced
		b, e = tonumber(b), tonumber(e)
		if b >= before and e >= ends then
			return {'ok', redis.call('HGET', KEYS[1], 'epoch'), '0', ''}
		end
		before, ends = math.max(b, before), math.max(e, ends)
	end
elseif redis.call('HLEN', KEYS[2]) >= tonumber(ARGV[7]) then
	return {'full', '', '0', ''}
end
local entry = string.format('%.0f %.0f ', before, ends) .. named
local change = string.format('%.0f', redis.call('HGET', KEYS[1], 'change') + 1)
-- first of all, since it fails if the stream has changes that were not counted
redis.call('XADD', KEYS[4], 'MAXLEN', '~', 10000, change .. '-0', 'entry', entry, 'id', ARGV[1])
redis.call('HSET', KEYS[1], 'change', change)
if not known then
	redis.call('HINCRBY', KEYS[1], 'entries', 1)
end
redis.call('HSET', KEYS[2], digest, entry)
redis.call('ZADD', KEYS[3], string.format('%.0f', ends + longer), digest)
return {'ok', redis.call('HGET', KEYS[1], 'epoch'), change, ARGV[1]}
