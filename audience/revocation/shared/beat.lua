-- Tells the state of the list: its epoch, the number of the last change, the age of the
-- epoch in milliseconds, the id of the change with a number, and the time in milliseconds.
-- Keys: state, entries, ends, changes. Arguments: an epoch for a list that has none, and the
-- number. What is left of a list that lost a part, or has changes that it did not count, is
-- dropped, and a new epoch begins, so that every replica writes back what it knows.
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local state = redis.call('HMGET', KEYS[1], 'epoch', 'change', 'entries', 'born')
local entries = redis.call('HLEN', KEYS[2])
local last = redis.call('XREVRANGE', KEYS[4], '+', '-', 'COUNT', 1)
local uncounted = state[2] and last[1] and tonumber(string.match(last[1][1], '^%d+')) > tonumber(state[2])
if not state[1] or tonumber(state[3]) ~= entries or entries ~= redis.call('ZCARD', KEYS[3]) or uncounted then
	redis.call('DEL', KEYS[1], KEYS[2], KEYS[3], KEYS[4])
	redis.call('HSET', KEYS[1], 'epoch', ARGV[1], 'change', 0, 'entries', 0, 'born', string.format('%.0f', now))
	return {ARGV[1], '0', '0', '', string.format('%.0f', now)}
end
local about = redis.call('XRANGE', KEYS[4], ARGV[2] .. '-0', ARGV[2] .. '-0')
return {state[1], state[2], string.format('%.0f', now - state[4]), about[1] and about[1][2][4] or '', string.format('%.0f', now)}
